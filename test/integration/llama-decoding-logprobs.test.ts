import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Engine,
  type EngineCompletion,
  encodeAdapter,
  type MicroBatch,
  openGradientEngine,
  PROJECTIONS,
  type TensorType,
} from "../../llama/index.ts";
import { loadAdapter } from "../support/cpu-engine.ts";
import { openDecoding, somePrompt } from "../support/decoding.ts";
import { generateGroup } from "../support/generation.ts";
import { largestDifference } from "../support/gradients.ts";
import { entropyOf, logSoftmax, readLogits, type Truncation, truncate } from "../support/raw-logits.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { tinyAdapter, writeTinyModel } from "../support/tiny-model.ts";

const prompt = somePrompt(30);

let folder: TemporaryFolder;
let engine: Engine;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  await writeTinyModel(folder.file("model.gguf"), { isTied: false });
  engine = await openDecoding(folder.file("model.gguf"));
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe("Recorded log-probabilities are the sampler's: what is recorded of a sampled token", () => {
  it.each([0, 0.3, 1, 1.7])(
    "is the float64 log-softmax of its logits at temperature %d, and its entropy, to 1e-5",
    async (temperature) => {
      const completions = await sampleAt(temperature);

      for (const completion of completions) {
        const expected = expectedOf(completion, temperature);
        expect(largestDifference(completion.logp, expected.logp)).toBeLessThan(1e-5);
        expect(largestDifference(completion.entropy, expected.entropy)).toBeLessThan(1e-5);
        expect(completion.logq).toHaveLength(0);
      }
    },
  );

  it("is before truncation as without it, and after it over what is left", async () => {
    const truncated = { topK: 5, topP: 0.9, minP: 0.05 };

    for (const completion of await sampleAt(0.8, truncated)) {
      const { logp, entropy, kept } = expectedOf(completion, 0.8, truncated);
      expect(largestDifference(completion.logp, logp)).toBeLessThan(1e-5);
      expect(largestDifference(completion.entropy, entropy)).toBeLessThan(1e-5);
      expect(largestDifference(completion.logq, kept)).toBeLessThan(1e-5);
      expect(Math.max(...completion.logq)).toBeLessThanOrEqual(0);
    }
  });

  it("is what score() says of it, chunk by chunk, from any token on", async () => {
    for (const completion of await sampleAt(1.3)) {
      const tokens = Int32Array.of(...prompt, ...completion.tokens);
      const scored = await engine.score({ tokens, from: prompt.length, adapter: "", temperature: 1.3 });
      const whole = await engine.score({ tokens, from: 1, adapter: "", temperature: 1.3 });

      expect(largestDifference(scored.logpT, completion.logp)).toBeLessThan(1e-5);
      expect(largestDifference(scored.entropyT, completion.entropy)).toBeLessThan(1e-5);
      expect(whole.logpT).toHaveLength(tokens.length - 1);
      expect(largestDifference(whole.logpT.slice(prompt.length - 1), scored.logpT)).toBeLessThan(1e-5);
    }
  });
});

describe("score()", () => {
  it("takes temperature 0 as 1", async () => {
    const request = { tokens: somePrompt(20), from: 5, adapter: "" };

    expect(await engine.score({ ...request, temperature: 0 })).toEqual(
      await engine.score({ ...request, temperature: 1 }),
    );
  });

  it("answers requests that wait for one another, each with its own", async () => {
    const request = (seed: number) => ({
      tokens: somePrompt(60, seed),
      from: 1,
      adapter: "",
      temperature: 1,
    });
    const seeds = [0, 1, 2, 3];
    const alone = [];
    for (const seed of seeds) alone.push(await engine.score(request(seed)));

    const together = await Promise.all(seeds.map((seed) => engine.score(request(seed))));

    for (const [index, { logpT }] of together.entries())
      expect(largestDifference(logpT, alone[index]?.logpT ?? new Float32Array())).toBeLessThan(1e-5);
  });

  it("says in one sentence what it cannot score", async () => {
    const tokens = somePrompt(20);
    const score = (request: object) =>
      engine.score({ tokens, from: 1, adapter: "", temperature: 1, ...request });

    await expect(score({ from: 0 })).rejects.toMatchObject({
      code: "llama.not_scorable",
      message: "cannot score from token 0 of 20; the first has nothing before it",
    });
    await expect(score({ from: 20 })).rejects.toThrow("cannot score from token 20 of 20");
    await expect(score({ tokens: Int32Array.of(1, 272) })).rejects.toThrow(
      "token 272 is not one of the vocabulary's 272",
    );
    await expect(score({ tokens: somePrompt(129) })).rejects.toThrow(
      "129 tokens do not fit into the context of 128",
    );
    await expect(score({ adapter: "unheard-of" })).rejects.toThrow("adapter unheard-of is not loaded");
  });
});

describe("the sampler and the trainer", { timeout: 60_000 }, () => {
  it("agree to 1e-4 on a float32 model under an adapter, token by token", async () => {
    const gap = await measureGap("F32");

    expect(gap.most).toBeLessThan(1e-4);
    expect(gap.entropy).toBeLessThan(1e-4);
    expect(gap.adapterMoves).toBeGreaterThan(0.1);
  });

  it.each([
    { type: "Q8_0", mean: 1e-2 },
    { type: "Q4_K", mean: 5e-2 },
  ] as const)("differ on $type by rounding of activations alone", async ({ type, mean }) => {
    const gap = await measureGap(type);

    process.stderr.write(
      `sampler and trainer on ${type}: ${gap.mean.toExponential(1)} nats mean, ${gap.most.toExponential(1)} most\n`,
    );
    expect(gap.mean).toBeLessThan(mean);
    expect(gap.most).toBeLessThan(0.5);
    expect(gap.adapterMoves).toBeGreaterThan(0.1);
  });
});

async function sampleAt(temperature: number, truncation: Truncation = {}): Promise<EngineCompletion[]> {
  const sampling = { temperature, maxTokens: 40, ...truncation };
  const { completions, failures } = await generateGroup(engine, { prompt, sampling, samples: [0, 1, 2, 3] });
  expect(failures).toEqual([]);
  return completions;
}

/** What float64 makes of llama.cpp's own logits; `kept` are log-probabilities over what truncation leaves. */
function expectedOf({ tokens }: EngineCompletion, temperature: number, truncation: Truncation = {}) {
  const rows = readLogits(folder.file("model.gguf"), Int32Array.of(...prompt, ...tokens.slice(0, -1)));
  const logps = rows.slice(prompt.length - 1).map((logits) => logSoftmax(logits, temperature));
  const ofTokens = logps.map((row, index) => row[tokens[index] as number] as number);
  const kept = logps.map((row, index) => Math.log(truncate(row, truncation)[tokens[index] as number] ?? 0));
  return {
    logp: Float32Array.from(ofTokens),
    entropy: Float32Array.from(logps, entropyOf),
    kept: Float32Array.from(kept),
  };
}

/** Samples under an adapter, and asks the gradient's graph about the same tokens under the same adapter. */
async function measureGap(type: TensorType) {
  const gguf = folder.file(`gap-${type}.gguf`);
  await writeTinyModel(gguf, { type, isTied: false, embedding: 256, heads: 8, feedForward: 256 });
  await using decoding = await openDecoding(gguf, { slots: 4 });
  const adapter = tinyAdapter(decoding.model, { size: 0.1 });
  const id = await loadAdapter(decoding, encodeAdapter(adapter));
  await decoding.activate({ version: 1, adapter: id }, "keep");
  const { completions } = await generateGroup(decoding, {
    prompt,
    samples: [0, 1, 2, 3],
    sampling: { temperature: 0.8, maxTokens: 40 },
  });
  await using trainer = await openGradientEngine({
    gguf,
    device: "cpu",
    threads: 1,
    trainable: { kind: "lora", rank: 4, alpha: 8, targets: PROJECTIONS },
  });
  const valuesOf = new Map(adapter.tensors.map(({ name, values }) => [name, values]));
  await trainer.writeParameters(
    Float32Array.from(trainer.parameters.flatMap(({ name }) => [...(valuesOf.get(name) ?? [])])),
  );
  const batch: MicroBatch = {
    temperature: 0.8,
    sequences: completions.map(({ tokens }) => ({
      tokens: Int32Array.of(...prompt, ...tokens),
      from: prompt.length,
    })),
  };
  const trained = await trainer.forward(batch, "trained");
  const off = await trainer.forward(batch, "off");
  const logp = Float32Array.from(completions.flatMap((completion) => [...completion.logp]));
  const entropy = Float32Array.from(completions.flatMap((completion) => [...completion.entropy]));
  return {
    most: largestDifference(logp, trained.logpT),
    mean: logp.reduce((sum, value, i) => sum + Math.abs(value - (trained.logpT[i] ?? 0)), 0) / logp.length,
    entropy: largestDifference(entropy, trained.entropyT),
    adapterMoves: largestDifference(trained.logpT, off.logpT),
  };
}
