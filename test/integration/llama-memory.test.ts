import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomKey } from "../../core/index.ts";
import {
  evenMicroBatch,
  openEngine,
  openGradientEngine,
  PROJECTIONS,
  predictEngineMemory,
  predictGradientMemory,
  totalOf,
} from "../../llama/index.ts";
import { childrenOfThis, newestChild, peakOfChild } from "../support/peak-memory.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const TRAINABLE = { kind: "lora", rank: 16, alpha: 32, targets: PROJECTIONS } as const;
const SIZES = { vocabulary: 4_096, heads: 4, kvHeads: 2, isTied: true, contextTokens: 16_384 };
const CPU = { device: "cpu", threads: 1, exact: false } as const;
const TEN_PERCENT = 1.1;

let folder: TemporaryFolder;
let gguf: string;

beforeAll(async () => {
  folder = await openTemporaryFolder();
  gguf = folder.file("wide.gguf");
  await writeTinyModel(gguf, { ...SIZES, type: "F32", layers: 4, embedding: 256, feedForward: 512 });
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("the memory that an engine is said to take", () => {
  it.each([
    { promptTokens: 600, completions: 8, completionTokens: 60 },
    { promptTokens: 40, completions: 4, completionTokens: 200 },
  ])(
    "is what a gradient engine takes, within 10 %: $promptTokens + $completions × $completionTokens",
    async (sizes) => {
      const { promptTokens, completions, completionTokens } = sizes;
      const sequences = Array.from({ length: completions }, (_, sample) => ({
        tokens: Int32Array.from({ length: promptTokens + completionTokens }, (_, i) =>
          i < promptTokens ? i : (i * 7 + sample) % SIZES.vocabulary,
        ),
        from: promptTokens,
      }));

      const said = await predictGradientMemory({
        gguf,
        device: "cpu",
        trainable: TRAINABLE,
        microBatch: evenMicroBatch({ groups: 1, ...sizes }),
        withReference: true,
      });
      const taken = await peakOfChild(async () => {
        const engine = await openGradientEngine({ gguf, device: "cpu", threads: 1, trainable: TRAINABLE });
        await engine.forward({ temperature: 1, sequences }, "off");
        const { logpT } = await engine.forward({ temperature: 1, sequences }, "trained");
        await engine.backward(logpT);
        await engine.takeGradients();
        return engine;
      });

      expect(totalOf(said) / taken).toBeLessThan(TEN_PERCENT);
      expect(taken / totalOf(said)).toBeLessThan(TEN_PERCENT);
    },
    120_000,
  );

  it.each([
    { exact: false, leastCells: 8 * 4_096, cellBytes: 2 },
    { exact: true, leastCells: (2 * 8 + 2) * 4_096, cellBytes: 4 },
  ])(
    "is what a decoding engine takes, within 10 % but for what the longest batches could need to compute with; exact: $exact",
    async ({ exact, leastCells, cellBytes }) => {
      const use = { ...CPU, gguf, exact, slots: 8, contextTokens: 4_096 };

      const said = await predictEngineMemory(use);
      const taken = await peakOfChild(async () => {
        const engine = await openEngine({ ...use, template: "raw" });
        const samples = Array.from({ length: use.slots }, (_, sample) => ({
          sample,
          key: randomKey(`${sample}`),
        }));
        const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: 16, stop: [] };
        const prompt = Int32Array.from({ length: 1_000 }, (_, i) => (i * 3) % SIZES.vocabulary);
        const sink = { finished: () => {}, failed: () => {} };
        await engine.generate({ task: "t", prompt, samples, sampling }, sink).done;
        return engine;
      });

      expect(taken / totalOf(said)).toBeLessThan(TEN_PERCENT);
      expect((totalOf(said) - said.computing) / taken).toBeLessThan(TEN_PERCENT);
      expect(said.cells).toBeGreaterThanOrEqual(leastCells * 2 * 4 * 128 * cellBytes);
    },
    120_000,
  );

  it("is known for a long prompt on a deep model, whose attention is in more pieces than ggml's allocator knows gaps", async () => {
    const deep = folder.file("deep.gguf");
    await writeTinyModel(deep, { ...SIZES, type: "F32", layers: 32, embedding: 64, feedForward: 128 });

    const { computing } = await predictGradientMemory({
      gguf: deep,
      device: "cpu",
      trainable: TRAINABLE,
      microBatch: evenMicroBatch({
        groups: 1,
        promptTokens: 15_000,
        completions: 1,
        completionTokens: 1_000,
      }),
      withReference: true,
    });

    expect(computing).toBeGreaterThan(16_000 * 64 * 4 * 33);
  }, 120_000);

  it("is not asked for where texts are too long for gradients, which is said in a sentence", async () => {
    const microBatch = evenMicroBatch({
      groups: 1,
      promptTokens: 200_000,
      completions: 1,
      completionTokens: 1_000,
    });
    const asked = { gguf, device: "cpu", trainable: TRAINABLE, microBatch, withReference: false } as const;

    await expect(predictGradientMemory(asked)).rejects.toThrow(
      /^the longest text has [\d,]+ tokens, and gradients of texts above some 65,000 are more than this engine can hold$/,
    );
  }, 120_000);
});

describe("too little memory", () => {
  it("for an engine's cells is said in a sentence, with what they take and how many slots would fit", async () => {
    const huge = { ...CPU, gguf, slots: 100, contextTokens: 500_000, template: "raw" };

    await expect(openEngine(huge)).rejects.toThrow(
      /^there is too little memory for a context of 50000000 tokens: [^;]*; 100 slots of 500000 tokens take .* of weights, 95\.\d GiB of KV cells, up to .*; .* are free here, in which \d+ slots would fit$/,
    );
  }, 120_000);

  it("for a gradient engine's weights is said with what they take, where the system kills for it", async () => {
    const before = await childrenOfThis();
    const opening = openGradientEngine({ gguf, device: "cpu", threads: 1, trainable: TRAINABLE });
    opening.catch(() => {}); // Looked at below.
    const started = async () => (await childrenOfThis()).find((pid) => !before.includes(pid)) ?? "";
    await expect.poll(started, { interval: 5 }).not.toBe("");

    process.kill(Number(await started()), "SIGKILL");

    await expect(opening).rejects.toThrow(
      /^the gradient engine ended: signal SIGKILL.*; .* of weights and what is trained, .* for the process, before any micro-batch; .* are free here: a smaller quantization or rank may fit$/,
    );
  }, 60_000);

  it("in the middle of a step, for which the system kills, is said with the micro-batch that takes it", async () => {
    await using engine = await openGradientEngine({ gguf, device: "cpu", threads: 1, trainable: TRAINABLE });
    const sizes = { groups: 1, promptTokens: 2_000, completions: 8, completionTokens: 200 };
    const child = await newestChild();

    const forward = engine.forward(evenMicroBatch(sizes), "trained");
    process.kill(child, "SIGKILL");

    await expect(forward).rejects.toThrow(
      /^the gradient engine ended: signal SIGKILL.*; 8 sequences of 3592 tokens together take .* for the largest micro-batch, .*; .* are free here, in which micro-batches of about \d+ tokens would fit$/,
    );
    await expect(forward).rejects.toMatchObject({ code: "llama.engine_died", disposition: "retry" });
  }, 60_000);
});
