import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DecodingConfig, predictEngineMemory } from "../../llama/index.ts";
import { openDecoding, somePrompt } from "../support/decoding.ts";
import { largestDifference } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const TEXT = somePrompt(90);

let folder: TemporaryFolder;
let gguf: string;
let exact: Float32Array;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  gguf = folder.file("model.gguf");
  await writeTinyModel(gguf, { type: "Q8_0" });
  exact = await scoresWith({ exact: true });
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
    const scores = await scoresWith({ exact: false, decoding: DecodingConfig.parse(given) });

    expect(largestDifference(scores, exact)).toBeLessThan(2e-2);
  });

  it.each([{ flashAttention: "on" }, { cells: "f32" }] as const)(
    "are another computation where they say so: %o",
    async (given) => {
      const usual = await scoresWith({ exact: false });
      const other = await scoresWith({ exact: false, decoding: DecodingConfig.parse(given) });

      expect(largestDifference(other, usual)).toBeGreaterThan(0);
    },
  );

  it("do not matter in an exact engine, to the last bit", async () => {
    const decoding = DecodingConfig.parse({ flashAttention: "on", cells: "f16", repacked: true });

    expect(await scoresWith({ exact: true, decoding })).toEqual(exact);
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

/** Log-probabilities of a text's tokens, as an engine with these settings scores them. */
async function scoresWith(choice: Parameters<typeof openDecoding>[1]): Promise<Float32Array> {
  await using engine = await openDecoding(gguf, choice);
  const { logpT } = await engine.score({ tokens: TEXT, from: 1, adapter: "", temperature: 1 });
  return logpT;
}
