import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  encodeAdapter,
  type GradientEngine,
  type MicroBatch,
  openEngine,
  openGradientEngine,
  readModelInfo,
  type TensorType,
} from "../../llama/index.ts";
import { largestDifference, lengthOf, openLoraEngine, someSequence, wave } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const VOCABULARY = 272;
const TYPES = ["F32", "Q8_0", "Q4_K"] as const;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  for (const type of TYPES)
    await writeTinyModel(pathOf(type), { type, embedding: 256, heads: 8, feedForward: 256 });
});
afterAll(() => folder[Symbol.asyncDispose]());

const batch: MicroBatch = {
  temperature: 0.8,
  sequences: [0, 1, 2, 3, 4, 5].map((seed) => someSequence(40 + seed, 12, VOCABULARY, seed)),
};

describe("finite differences along the gradient", () => {
  // On a quantized base the activations are rounded too: the sum is a staircase, so its steps need a longer stride.
  const cases = [
    { type: "F32", stride: 0.01, tolerance: 1e-3 },
    { type: "Q8_0", stride: 0.1, tolerance: 3e-2 },
    { type: "Q4_K", stride: 0.1, tolerance: 3e-2 },
  ] as const;

  it.each(cases)("agree with it on a base in $type", async ({ type, stride, tolerance }) => {
    await using engine = await openLoraEngine(pathOf(type));
    const adapter = wave((await engine.readParameters()).length, 0.05);
    await engine.writeParameters(adapter);
    const { logpT } = await engine.forward(batch, "trained");
    const coefficientsT = wave(logpT.length, 1, 0.3);
    await engine.backward(coefficientsT);
    const gradient = await engine.takeGradients();
    const length = lengthOf(gradient);
    const sumAt = async (distance: number) => {
      const moved = adapter.map((value, index) => value + (distance * (gradient[index] ?? 0)) / length);
      const { logpT: movedT } = await engine.forward(batch, moved);
      return movedT.reduce((sum, logp, index) => sum + logp * (coefficientsT[index] ?? 0), 0);
    };

    const slope = ((await sumAt(stride)) - (await sumAt(-stride))) / (2 * stride);

    expect(Math.abs(slope / length - 1)).toBeLessThan(tolerance);
  });
});

describe("log-probabilities of the decoding engine and of the gradient's graph", () => {
  it("agree on F32 to 1e-4, under an adapter and under none, and so do entropies", async () => {
    const gap = await measureGap("F32");

    expect(gap.logp).toBeLessThan(1e-4);
    expect(gap.entropy).toBeLessThan(1e-4);
  });

  it("differ on Q8_0 by rounding of activations alone", async () => {
    const gap = await measureGap("Q8_0");

    process.stderr.write(
      `gap on Q8_0: ${gap.mean.toExponential(1)} nats mean, ${gap.logp.toExponential(1)} most\n`,
    );
    expect(gap.mean).toBeLessThan(2e-2);
  });
});

describe("all weights of a quantized model", () => {
  it("are trained as the float32 numbers that they stand for", async () => {
    const open = (trainable: "all" | "lora") =>
      trainable === "all"
        ? openGradientEngine({ gguf: pathOf("Q8_0"), device: "cpu", threads: 1, trainable: { kind: "all" } })
        : openLoraEngine(pathOf("Q8_0"));
    await using full = await open("all");
    await using lora = await open("lora");

    const { logpT } = await full.forward(batch, "trained");
    const frozen = await lora.forward(batch, "off");

    expect(largestDifference(logpT, frozen.logpT)).toBeLessThan(5e-2);
    expect(full.parameters.find(({ name }) => name === "output_norm.weight")).toMatchObject({
      rows: 1,
      columns: 256,
    });
    await expect(full.forward(batch, "off")).rejects.toThrow(/no model without what is trained/);
  });
});

describe("the parameters of a LoRA", () => {
  it("follow the model's layers and the projections' order, whatever the order of the targets", async () => {
    await using engine = await openGradientEngine({
      gguf: pathOf("F32"),
      device: "cpu",
      threads: 1,
      trainable: { kind: "lora", rank: 2, alpha: 0, targets: ["ffn_down", "attn_q"] },
    });

    expect(engine.parameters.map(({ name }) => name)).toEqual(
      [0, 1].flatMap((layer) =>
        ["attn_q", "ffn_down"].flatMap((target) =>
          ["lora_a", "lora_b"].map((part) => `blk.${layer}.${target}.weight.${part}`),
        ),
      ),
    );
  });
});

describe("openGradientEngine", () => {
  it("says in one sentence what is wrong with the file", async () => {
    await expect(openLoraEngine(folder.file("nothing.gguf"))).rejects.toThrow(
      /^there is no file .*nothing.gguf$/,
    );
  });

  it("tells when its process ends unasked, and fails what waits", async () => {
    await using engine = await openLoraEngine(pathOf("F32"));
    const [child] = (await readFile(`/proc/self/task/${process.pid}/children`, "utf8"))
      .trim()
      .split(" ")
      .slice(-1);

    const waiting = engine.forward(batch, "trained");
    process.kill(Number(child), "SIGKILL");

    await expect(waiting).rejects.toThrow("the gradient engine ended: signal SIGKILL");
    expect((await engine.failed).code).toBe("llama.engine_died");
  });
});

/** The engines' largest and mean difference over the batch, under an adapter and under none. */
async function measureGap(type: TensorType): Promise<{ logp: number; mean: number; entropy: number }> {
  const gguf = pathOf(type);
  await using gradients = await openLoraEngine(gguf);
  await using decoding = await openEngine({
    gguf,
    device: "cpu",
    slots: 2,
    contextTokens: 128,
    threads: 1,
    template: "raw",
    exact: true,
  });
  const adapter = wave((await gradients.readParameters()).length, 0.05);
  const { id, bytes } = await encodeFor(gguf, gradients, adapter);
  await decoding.loadAdapter(id, bytes);
  const gaps = await Promise.all(
    [
      { ours: adapter, theirs: id },
      { ours: "off" as const, theirs: "" },
    ].map(async ({ ours, theirs }) => {
      const { logpT, entropyT } = await gradients.forward(batch, ours);
      const scored = await Promise.all(
        batch.sequences.map(({ tokens, from }) =>
          decoding.score({ tokens, from, adapter: theirs, temperature: batch.temperature }),
        ),
      );
      const theirLogpT = Float32Array.from(scored.flatMap((score) => [...score.logpT]));
      const theirEntropyT = Float32Array.from(scored.flatMap((score) => [...score.entropyT]));
      const sum = logpT.reduce((total, logp, index) => total + Math.abs(logp - (theirLogpT[index] ?? 0)), 0);
      return {
        logp: largestDifference(logpT, theirLogpT),
        mean: sum / logpT.length,
        entropy: largestDifference(entropyT, theirEntropyT),
      };
    }),
  );
  const most = (pick: (gap: (typeof gaps)[number]) => number) => Math.max(...gaps.map(pick));
  return {
    logp: most((gap) => gap.logp),
    mean: most((gap) => gap.mean),
    entropy: most((gap) => gap.entropy),
  };
}

async function encodeFor(gguf: string, { parameters }: GradientEngine, flat: Float32Array) {
  const { digest } = await readModelInfo(gguf);
  let offset = 0;
  const tensors = parameters.map((parameter) => {
    const values = flat.slice(offset, offset + parameter.rows * parameter.columns);
    offset += values.length;
    return { ...parameter, values };
  });
  const bytes = encodeAdapter({ base: digest, alpha: 8, tensors });
  return { id: createHash("sha256").update(bytes).digest("hex"), bytes };
}

function pathOf(type: TensorType): string {
  return folder.file(`${type}.gguf`);
}
