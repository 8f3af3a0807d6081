import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DecodingConfig, generateGroup, predictEngineMemory } from "../../llama/index.ts";
import { openDecoding, somePrompt } from "../support/decoding.ts";
import { largestDifference } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const TEXT = somePrompt(90);

let folder: TemporaryFolder;
let gguf: string;
let exact: Computed;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  gguf = folder.file("model.gguf");
  await writeTinyModel(gguf, { type: "Q8_0" });
  exact = await computedWith({ exact: true });
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("the settings of a worker's engine", () => {
  it.each([
    {},
    { flashAttention: "on" },
    { cells: "f32" },
    { flashAttention: "on", cells: "f32" },
    { repacked: true },
  ] as const)("change log-probabilities by rounding alone: %o", async (given) => {
    const { scored } = await computedWith({ exact: false, decoding: DecodingConfig.parse(given) });

    expect(largestDifference(scored, exact.scored)).toBeLessThan(2e-2);
  });

  it.each([{ flashAttention: "on" }, { cells: "f32" }] as const)(
    "are another computation where they say so, in sampling as in scoring: %o",
    async (given) => {
      const usual = await computedWith({ exact: false });
      const other = await computedWith({ exact: false, decoding: DecodingConfig.parse(given) });

      expect(largestDifference(other.scored, usual.scored)).toBeGreaterThan(0);
      expect(largestDifference(other.sampled, usual.sampled)).toBeGreaterThan(0);
    },
  );

  it("do not matter in an exact engine, to the last bit", async () => {
    const decoding = DecodingConfig.parse({ flashAttention: "on", cells: "f16", repacked: true });

    expect(await computedWith({ exact: true, decoding })).toEqual(exact);
  });

  it("are in the memory that is predicted", async () => {
    const sizes = { gguf, device: "cpu", slots: 4, contextTokens: 512, threads: 1, exact: false } as const;

    const usual = await predictEngineMemory(sizes);
    const wide = await predictEngineMemory({ ...sizes, decoding: DecodingConfig.parse({ cells: "f32" }) });
    const own = await predictEngineMemory({ ...sizes, decoding: DecodingConfig.parse({ repacked: true }) });

    expect(wide.cells).toBe(2 * usual.cells);
    expect([usual.isShared, wide.isShared, own.isShared]).toEqual([true, true, false]);
  });
});

/** Log-probabilities of a text's tokens, and of the one that is sampled after it. */
interface Computed {
  readonly scored: Float32Array;
  readonly sampled: Float32Array;
}

/** As an engine with these settings computes them. */
async function computedWith(choice: Parameters<typeof openDecoding>[1]): Promise<Computed> {
  await using engine = await openDecoding(gguf, choice);
  const { logpT } = await engine.score({ tokens: TEXT, from: 1, adapter: "", temperature: 1 });
  const [next] = await generateGroup(engine, TEXT, ["next"], 1);
  return { scored: logpT, sampled: next?.logp ?? new Float32Array() };
}
