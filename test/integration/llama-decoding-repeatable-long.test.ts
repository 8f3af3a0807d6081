import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineCompletion, EngineOptions } from "../../llama/index.ts";
import { openDecoding, somePrompt } from "../support/decoding.ts";
import { generateGroup } from "../support/generation.ts";
import { largestDifference } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const PROMPT_TOKENS = 2_000;
const NEW_TOKENS = 200;
const SAMPLES = [0, 1, 2, 3, 4, 5, 6, 7];
const group = {
  prompt: somePrompt(PROMPT_TOKENS),
  sampling: { temperature: 0.7, maxTokens: NEW_TOKENS },
};

const TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_K"] as const;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  await writeTinyModel(folder.file("model.gguf"), { isTied: false, contextTokens: 4_096 });
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("after a prompt of 2,000 tokens, a seed gives alone and in a full batch", {
  timeout: 60_000,
}, () => {
  it.each(TYPES)("the same bits in exact mode over %s", async (type) => {
    const gguf = folder.file(`${type}.gguf`);
    const shape = { layers: 2, embedding: 256, heads: 8, feedForward: 256, contextTokens: 4_096 };
    await writeTinyModel(gguf, { type, isTied: false, ...shape });

    const pairs = await generateTwice({ exact: true, gguf }, [0, 4, 7]);

    for (const { alone, together } of pairs) expect(together.tokens).toEqual(alone.tokens);
    expect(gapOf(pairs)).toBe(0);
  });

  // The same log-probabilities up to where they turn a draw: whatever follows other tokens is something else.
  it.each([
    { flashAttention: "off", cells: "f16", most: 1e-3 },
    { flashAttention: "on", cells: "f16", most: 5e-2 },
  ] as const)(
    "log-probabilities to $most as long as tokens are the same, with flash attention $flashAttention over cells in $cells",
    async ({ most, ...decoding }) => {
      const pairs = await generateTwice({ exact: false, decoding: { ...decoding, repacked: false } });

      const gap = gapOf(pairs);
      const turned = pairs.filter((pair) => sameTokens(pair) < pair.together.tokens.length).map(sameTokens);
      process.stderr.write(
        `flash attention ${decoding.flashAttention}: ${gap.toExponential(1)} nats at most, other tokens in ${turned.length} of ${pairs.length}${turned.length > 0 ? `, after ${Math.min(...turned)} at the earliest` : ""}\n`,
      );
      expect(gap).toBeLessThan(most);
    },
  );
});

/** A sample of its own, and beside seven others. */
interface Pair {
  readonly alone: EngineCompletion;
  readonly together: EngineCompletion;
}

/** @param again - which samples are generated alone too */
async function generateTwice(choice: Partial<EngineOptions>, again = SAMPLES): Promise<Pair[]> {
  await using engine = await openDecoding(choice.gguf ?? folder.file("model.gguf"), {
    contextTokens: PROMPT_TOKENS + NEW_TOKENS,
    ...choice,
  });
  const { completions } = await generateGroup(engine, { ...group, samples: SAMPLES });
  const pairs: Pair[] = [];
  for (const together of completions.filter(({ sample }) => again.includes(sample))) {
    const single = await generateGroup(engine, { ...group, samples: [together.sample] });
    pairs.push(...single.completions.map((alone) => ({ alone, together })));
  }
  expect(pairs).toHaveLength(again.length);
  return pairs;
}

/** The largest difference of log-probabilities and entropies of the tokens before the first that differs. */
function gapOf(pairs: readonly Pair[]): number {
  const gaps = pairs.flatMap((pair) =>
    (["logp", "entropy"] as const).map((of) =>
      largestDifference(
        pair.alone[of].subarray(0, sameTokens(pair)),
        pair.together[of].subarray(0, sameTokens(pair)),
      ),
    ),
  );
  return Math.max(...gaps);
}

/** How many tokens come before the first that differs. */
function sameTokens({ alone, together }: Pair): number {
  const other = together.tokens.findIndex((token, index) => token !== alone.tokens[index]);
  return other < 0 ? together.tokens.length : other;
}
