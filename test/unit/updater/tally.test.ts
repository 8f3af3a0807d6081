import { describe, expect, it } from "vitest";
import { createTally, type TalliedCompletion } from "../../../updater/grpo/tally.ts";
import type { TrainingSequence } from "../../../updater/grpo/training-batch.ts";

const LOG_2 = Math.log(2);

describe("what is tallied of a step", () => {
  it("is ratio, clipped and cut share and gap of all tokens, and of those of each quantization", () => {
    const tally = createTally();

    tally.add(
      completionOf({
        variantT: ["q8_0", "q8_0", "q4_k", "q4_k"],
        muT: [-1, -1, -1, -1],
        proxT: [-1, -1 + LOG_2, -1, -1 - LOG_2],
        clippedT: [false, true, false, false],
        cutT: [false, false, false, true],
      }),
    );
    const { ratioMean, ratioMax, clippedShare, gaps } = tally.metrics();

    expect(ratioMean).toBeCloseTo((1 + 2 + 1 + 0.5) / 4, 6);
    expect(ratioMax).toBeCloseTo(2, 6);
    expect(clippedShare).toBe(0.25);
    expect(gaps.map(({ variant }) => variant)).toEqual(["q8_0", "q4_k"]);
    expect(gaps.map(({ ratioMean }) => ratioMean)).toEqual([expect.closeTo(1.5, 6), expect.closeTo(0.75, 6)]);
    expect(gaps.map(({ clippedShare, cutShare }) => [clippedShare, cutShare])).toEqual([
      [0.5, 0],
      [0, 0.5],
    ]);
    expect(gaps.map(({ maxAbs }) => maxAbs)).toEqual([expect.closeTo(LOG_2, 6), expect.closeTo(LOG_2, 6)]);
  });
});

interface Given {
  readonly variantT: readonly string[];
  readonly muT: readonly number[];
  readonly proxT: readonly number[];
  readonly clippedT: readonly boolean[];
  readonly cutT: readonly boolean[];
}

function completionOf({ variantT, muT, proxT, clippedT, cutT }: Given): TalliedCompletion {
  const sequence = {
    tokens: new Int32Array(muT.length + 1),
    muT: Float32Array.from(muT),
    recordedT: Float32Array.from(muT),
    variantT,
  } as Partial<TrainingSequence> as TrainingSequence;
  return {
    sequence,
    proxT: Float32Array.from(proxT),
    referenceT: null,
    entropyT: new Float32Array(proxT.length),
    loss: { loss: 0, coefficientsT: new Float32Array(proxT.length), clippedT, cutT },
  };
}
