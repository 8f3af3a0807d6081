import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Packing, packSequences, TOKEN_STEP } from "../../../llama/gradients/packing.ts";
import { type Tile, tileAttention } from "../../../llama/gradients/tiles.ts";
import type { TrainingSequence } from "../../../llama/index.ts";

const ROOMY = 1 << 20;

/** Up to four prompts, up to eight completions of them: equal prompts are frequent. */
const sequencesOf = fc
  .array(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 90 }), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((prompts) =>
    fc.array(
      fc
        .tuple(
          fc.constantFrom(...prompts),
          fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 90 }),
        )
        .map(([prompt, completion]): TrainingSequence => sequence(prompt, completion)),
      { minLength: 1, maxLength: 8 },
    ),
  );

describe("packSequences", () => {
  it("holds a prompt once, however many completions continue it", () => {
    const packing = packSequences({
      temperature: 1,
      sequences: [sequence([1, 2, 3], [4, 5]), sequence([1, 2, 3], [6, 7, 8]), sequence([9], [4])],
    });

    expect([...packing.tokensN.slice(0, 7)]).toEqual([1, 2, 3, 4, 6, 7, 9]);
    expect([...packing.positionsN.slice(0, 7)]).toEqual([0, 1, 2, 3, 3, 4, 0]);
    expect([...packing.predictorsP.slice(0, 6)]).toEqual([2, 3, 2, 4, 5, 6]);
    expect([...packing.targetsP.slice(0, 6)]).toEqual([4, 5, 6, 7, 8, 4]);
    expect(packing.predicted).toBe(6);
  });

  it("lets every predicted token see exactly the tokens before it", () => {
    fc.assert(
      fc.property(sequencesOf, (sequences) => {
        const packing = packSequences({ temperature: 1, sequences });
        const seen = Array.from(packing.predictorsP.slice(0, packing.predicted), (token) =>
          textSeenBy(packing, token),
        );
        const expected = sequences.flatMap(({ tokens, from }) =>
          Array.from(tokens.slice(from), (_, index) => tokens.slice(0, from + index).join()),
        );

        expect(seen).toEqual(expected);
        expect([...packing.targetsP.slice(0, packing.predicted)]).toEqual(
          sequences.flatMap(({ tokens, from }) => [...tokens.slice(from)]),
        );
      }),
    );
  });

  it("fills up with dead tokens that no row mentions, the last one always among them", () => {
    fc.assert(
      fc.property(sequencesOf, (sequences) => {
        const { tokensN, predictorsP, rows, predicted } = packSequences({ temperature: 1, sequences });
        const mentioned = new Set(rows.flatMap(({ queries, keys }) => [...queries, ...keys]));

        expect(tokensN.length % TOKEN_STEP).toBe(0);
        expect(predictorsP.length % TOKEN_STEP).toBe(0);
        expect(mentioned.has(tokensN.length - 1)).toBe(false);
        expect(predictorsP.slice(predicted).every((token) => !mentioned.has(token))).toBe(true);
      }),
    );
  });
});

describe("tileAttention", () => {
  it("gives each query one place, and there exactly the keys of its row up to its own", () => {
    fc.assert(
      fc.property(sequencesOf, fc.constantFrom(ROOMY, 2000, 1), (sequences, most) => {
        const packing = packSequences({ temperature: 1, sequences });
        const expected = packing.rows.flatMap(({ queries, keys }) =>
          queries.map((query) => [query, keys.slice(0, keys.indexOf(query) + 1)] as const),
        );

        const { tiles } = tileAttention(packing, most);

        const found = tiles.flatMap((tile) => visibleKeys(tile, packing.tokensN.length - 1));
        expect(found.length).toBe(expected.length);
        expect(new Map(found)).toEqual(new Map(expected));
      }),
    );
  });

  it("lets padded queries see a key, so that their softmax is a number", () => {
    const packing = packSequences({ temperature: 1, sequences: [sequence([1, 2], [3])] });

    const { tiles, slots } = tileAttention(packing, ROOMY);

    expect(tiles).toHaveLength(1);
    expect(slots).toBe(16);
    expect(tiles[0]?.before).toBe(0);
  });

  it("puts rows together whose sizes are alike, and no others", () => {
    const long = Array.from({ length: 60 }, (_, index) => 1 + (index % 5));
    const sequences = [sequence([1], long), sequence([2], long), sequence([3], [4]), sequence([4], [4])];

    const { tiles } = tileAttention(packSequences({ temperature: 1, sequences }), ROOMY);

    expect(tiles.map(({ B, Q, K }) => ({ B, Q, K }))).toEqual([
      { B: 2, Q: 64, K: 64 },
      { B: 2, Q: 16, K: 32 },
    ]);
  });
});

function sequence(prompt: readonly number[], completion: readonly number[]): TrainingSequence {
  return { tokens: Int32Array.from([...prompt, ...completion]), from: prompt.length };
}

/** The token ids of the keys that a packed token sees, in order. */
function textSeenBy({ rows, tokensN }: Packing, token: number): string {
  const row = rows.find(({ queries }) => queries.includes(token));
  const keys = row?.keys.slice(0, row.keys.indexOf(token) + 1) ?? [];
  return keys.map((key) => tokensN[key]).join();
}

/** Each query that is not padding, with the keys that it sees. */
function visibleKeys({ B, Q, K, queriesBQ, keysBK, before }: Tile, dead: number): [number, number[]][] {
  return Array.from({ length: B * Q }, (_, slot): [number, number[]] => {
    const keys = Array.from(keysBK.slice(Math.floor(slot / Q) * K, (Math.floor(slot / Q) + 1) * K));
    return [queriesBQ[slot] ?? dead, keys.slice(0, before + (slot % Q) + 1)];
  }).filter(([query]) => query !== dead);
}
