import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, EngineCompletion } from "../../llama/index.ts";
import { beginning, openDecoding, somePrompt } from "../support/decoding.ts";
import { generateGroup, sampled, startGroup } from "../support/generation.ts";
import { largestDifference } from "../support/gradients.ts";
import { withContext } from "../support/raw-logits.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

/** Longer than a chunk of prefill, so that where chunks end may differ from run to run. */
const prompt = somePrompt(90);
const sampling = { temperature: 0.7, maxTokens: 60 };
const SAMPLES = [0, 1, 2, 3, 4, 5, 6, 7];
/** Of tokens that were computed in chunks here and one by one there. */
const ROUNDING = 1e-5;

let folder: TemporaryFolder;
let engine: Engine;
let alone: EngineCompletion[];
beforeAll(async () => {
  folder = await openTemporaryFolder();
  await writeTinyModel(folder.file("model.gguf"), { isTied: false });
  engine = await openDecoding(folder.file("model.gguf"), { contextTokens: 160 });
  alone = [];
  for (const sample of SAMPLES) alone.push(await one(engine, { samples: [sample] }));
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe("a sample's tokens and log-probabilities", () => {
  it("follow from its prompt and its key, and differ from those of another prompt or key", async () => {
    const again = await one(engine, { samples: [0] });
    const elsewhere = await one(engine, { samples: [0], prompt: somePrompt(90, 1) });

    expectSameBits(again, alone[0]);
    expect(elsewhere.tokens).not.toEqual(alone[0]?.tokens);
    expect(new Set(alone.map(({ tokens }) => tokens.join())).size).toBe(SAMPLES.length);
    expect(Math.max(...alone.map(({ tokens }) => tokens.length))).toBe(60);
  });

  it("are the same alone and in a full batch", async () => {
    const { completions } = await generateGroup(engine, { prompt, sampling, samples: SAMPLES });

    expect(completions.map(({ sample }) => sample)).toEqual(SAMPLES);
    for (const completion of completions) expectSameBits(completion, alone[completion.sample]);
  });

  it("are the same beside other prompts that share the batch", async () => {
    const others = [1, 2, 3, 4].map((seed) =>
      generateGroup(engine, { prompt: somePrompt(20 * seed, seed), sampling, samples: [20 + seed] }),
    );
    const { completions } = await generateGroup(engine, { prompt, sampling, samples: [0, 1, 2, 3] });
    await Promise.all(others);

    for (const completion of completions) expectSameBits(completion, alone[completion.sample]);
  });

  it("are the same whatever joins and leaves meanwhile", async () => {
    const watched = startGroup(engine, { prompt, sampling, samples: [0, 1] });
    await sampled(engine, 4);
    const cancelled = startGroup(engine, { prompt: somePrompt(33, 5), sampling, samples: [30, 31, 32] });
    await sampled(engine, 12);
    const brief = startGroup(engine, { prompt, sampling: { ...sampling, maxTokens: 5 }, samples: [2, 3, 4] });
    for (const sample of [30, 32]) cancelled.handle.cancel(sample);
    await sampled(engine, 12);
    const handedOver = await cancelled.handle.handOver();
    await Promise.all([watched.handle.done, brief.handle.done]);

    expect(handedOver.map(({ sample, finish }) => [sample, finish])).toEqual([[31, "partial"]]);
    expect(watched.completions).toHaveLength(2);
    for (const completion of watched.completions) expectSameBits(completion, alone[completion.sample]);
    for (const { sample, tokens } of brief.completions)
      expect(tokens).toEqual(alone[sample]?.tokens.slice(0, 5));
  });

  it("are the same when samples wait for slots", async () => {
    await using narrow = await openDecoding(folder.file("model.gguf"), { slots: 3, contextTokens: 160 });

    const { completions } = await generateGroup(narrow, { prompt, sampling, samples: SAMPLES });

    for (const completion of completions) expectSameBits(completion, alone[completion.sample]);
  });
});

describe("the logits of a row", () => {
  it.each(["F32", "Q8_0", "Q4_K"] as const)(
    "of a model in %s are the same bits whatever the rows beside it and the chunks of its prompt",
    async (type) => {
      const gguf = folder.file(`${type}.gguf`);
      await writeTinyModel(gguf, {
        type,
        layers: 1,
        isTied: false,
        embedding: 256,
        heads: 8,
        feedForward: 256,
      });

      const logits = [
        { rows: 8, chunk: 90 },
        { rows: 1, chunk: 90 },
        { rows: 2, chunk: 64 },
        { rows: 3, chunk: 1 },
      ].map((shape) => logitsBeside(gguf, shape));

      for (const others of logits.slice(1)) expect(others).toEqual(logits[0]);
    },
  );
});

describe("a completion that another engine continues", () => {
  it.each([1, 7, 31, 59])("from its first %i tokens is the one that nobody interrupted", async (count) => {
    await using other = await openDecoding(folder.file("model.gguf"), { slots: 2, contextTokens: 160 });
    const whole = alone.find(({ tokens }) => tokens.length === 60) as EngineCompletion;
    const prefix = beginning(whole, count);

    const continued = await one(other, { samples: [whole.sample], prefix });

    expectSame(continued, whole);
    expect(beginning(continued, count)).toEqual(prefix);
    expect(continued.spans.map(({ from }) => from)).toEqual([0, count]);
    expect(continued.text).toBe(whole.text);
  });

  it("from where the first one was told to hand over is the one that nobody interrupted", async () => {
    await using other = await openDecoding(folder.file("model.gguf"), { contextTokens: 160 });
    const first = startGroup(engine, { prompt, sampling, samples: SAMPLES });
    await sampled(engine, 40);
    const partials = await first.handle.handOver();
    await first.handle.done;

    const continued = await Promise.all(
      partials.map((prefix) => one(other, { samples: [prefix.sample], prefix })),
    );

    expect(partials.length).toBeGreaterThan(0);
    expect(partials.length + first.completions.length).toBe(SAMPLES.length);
    for (const { finish, tokens } of partials) {
      expect(finish).toBe("partial");
      expect(tokens.length).toBeLessThan(60);
    }
    for (const completion of continued) expectSame(completion, alone[completion.sample]);
  });

  it("that was complete already comes back as it is, without a step", async () => {
    const whole = alone.find(({ tokens }) => tokens.length === 60) as EngineCompletion;
    const before = await engine.status();

    const same = await one(engine, { samples: [whole.sample], prefix: beginning(whole, 60) });

    expect(same).toMatchObject({
      tokens: whole.tokens,
      logp: whole.logp,
      finish: "length",
      text: whole.text,
    });
    expect(same.spans).toEqual(whole.spans);
    expect(await engine.status()).toEqual(before);
  });
});

/** Logits of a token after the prompt, evaluated in chunks, as the first of so many rows of sequences that share it. */
function logitsBeside(gguf: string, { rows, chunk }: { rows: number; chunk: number }): Float32Array {
  return withContext(gguf, { cells: 256, sequences: 9 }, ({ batch, ...context }) => {
    const shared = context.takeSequence();
    for (let from = 0; from < prompt.length; from += chunk) {
      batch.clear();
      for (const [index, token] of prompt.subarray(from, from + chunk).entries())
        batch.add(token, from + index, shared, false);
      context.decode();
    }
    batch.clear();
    for (let row = 0; row < rows; row++) {
      const sequence = context.takeSequence();
      context.share(shared, sequence);
      batch.add(30 + row, prompt.length, sequence, true);
    }
    context.decode();
    return context.logits(0).slice();
  });
}

async function one(on: Engine, choice: Parameters<typeof generateGroup>[1]): Promise<EngineCompletion> {
  const { completions, failures } = await generateGroup(on, { prompt, sampling, ...choice });
  expect(failures).toEqual([]);
  return completions[0] as EngineCompletion;
}

function expectSameBits(completion: EngineCompletion, expected: EngineCompletion | undefined): void {
  const drawn = ({ tokens, finish, logp, entropy }: EngineCompletion) => ({ tokens, finish, logp, entropy });
  expect(drawn(completion)).toEqual(drawn(expected as EngineCompletion));
}

function expectSame(completion: EngineCompletion, expected: EngineCompletion | undefined): void {
  expect(completion.tokens).toEqual(expected?.tokens);
  expect(completion.finish).toBe(expected?.finish);
  expect(largestDifference(completion.logp, expected?.logp ?? new Float32Array())).toBeLessThan(ROUNDING);
  expect(largestDifference(completion.entropy, expected?.entropy ?? new Float32Array())).toBeLessThan(
    ROUNDING,
  );
}
