import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GradientEngine, openGradientEngine } from "../../llama/index.ts";
import {
  type LoraReference,
  largestDifference,
  largestError,
  lengthOf,
  readLoraReference,
  readWeightReferences,
  type WeightReference,
  wave,
} from "../support/gradients.ts";

describe("the gradient with respect to all weights", async () => {
  for (const reference of await readWeightReferences()) {
    const model = reference.gguf.replace(/.*\//, "");

    it(`agrees with float64 to 1e-5 for every tensor of ${model}`, async () => {
      await using engine = await openGradientEngine({
        gguf: reference.gguf,
        device: "cpu",
        threads: 1,
        trainable: { kind: "all" },
      });

      const { logpT, entropyT } = await engine.forward(reference.batch, "trained");
      await engine.backward(reference.coefficientsT);
      const gradient = await engine.takeGradients();

      expect(largestDifference(logpT, reference.logpT)).toBeLessThan(1e-5);
      expect(largestDifference(entropyT, reference.entropyT)).toBeLessThan(1e-5);
      expect(engine.parameters.map(({ name }) => name).sort()).toEqual(
        [...reference.gradients.keys()].sort(),
      );
      expect(largestError(engine.parameters, gradient, flatten(engine, reference))).toBeLessThan(1e-5);
    });
  }
});

describe("the gradient with respect to a LoRA", () => {
  let reference: LoraReference;
  let engine: GradientEngine;
  beforeAll(async () => {
    reference = await readLoraReference();
    const { gguf, trainable } = reference;
    engine = await openGradientEngine({ gguf, device: "cpu", threads: 1, trainable });
    await engine.writeParameters(reference.trained);
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it("has its parameters in the documented order, and reads back what was written", async () => {
    expect(engine.parameters).toEqual(reference.parameters);
    expect(await engine.readParameters()).toEqual(reference.trained);
  });

  it("agrees with float64 to 1e-5 for every tensor, with B ≠ 0", async () => {
    await engine.forward(reference.batch, "trained");
    await engine.backward(reference.coefficientsT);

    const gradient = await engine.takeGradients();

    expect(largestError(engine.parameters, gradient, reference.gradient)).toBeLessThan(1e-5);
  });

  it("gives log-probabilities and entropies as float64 does, under the trained, a frozen and no adapter", async () => {
    const adapters = { trained: "trained", reference: reference.reference, off: "off" } as const;

    for (const [name, adapter] of Object.entries(adapters)) {
      const { logpT, entropyT } = await engine.forward(reference.batch, adapter);
      const expected = reference.scores.get(name);

      expect(largestDifference(logpT, expected?.logpT ?? new Float32Array())).toBeLessThan(1e-5);
      expect(largestDifference(entropyT, expected?.entropyT ?? new Float32Array())).toBeLessThan(1e-5);
    }
  });

  it("is not disturbed by a frozen forward between forward and backward", async () => {
    await engine.forward(reference.batch, "trained");
    await engine.forward(reference.batch, reference.reference);
    await engine.forward(reference.batch, "off");
    await engine.backward(reference.coefficientsT);

    const gradient = await engine.takeGradients();

    expect(largestError(engine.parameters, gradient, reference.gradient)).toBeLessThan(1e-5);
  });

  it("is the same to 1e-6 for any packing into micro-batches", async () => {
    const together = await gradientOf(engine, reference, [
      reference.batch.sequences.map((_, index) => index),
    ]);
    const packings = [
      [[0], [1], [2], [3], [4], [5], [6]],
      [
        [6, 1],
        [3, 0, 5],
        [2, 4],
      ],
      [
        [0, 4],
        [1, 5, 6, 2, 3],
      ],
    ];

    for (const packing of packings) {
      const gradient = await gradientOf(engine, reference, packing);
      const difference = gradient.map((value, index) => value - (together[index] ?? 0));

      expect(lengthOf(difference) / lengthOf(together)).toBeLessThan(1e-6);
    }
  });

  it("starts from zero again once it is taken", async () => {
    await gradientOf(engine, reference, [[0, 1]]);

    const gradient = await engine.takeGradients();

    expect(lengthOf(gradient)).toBe(0);
  });

  it("has a reference divergence of exactly zero where the reference is the policy", async () => {
    const trained = await engine.forward(reference.batch, "trained");
    const same = await engine.forward(reference.batch, reference.trained);

    expect(same).toEqual(trained);
  });

  it("has a reference divergence of exactly zero at B = 0 without an adapter", async () => {
    let offset = 0;
    const fresh = engine.parameters.flatMap(({ name, rows, columns }) => {
      const values = name.endsWith("lora_a")
        ? [...wave(rows * columns, 0.2, offset)]
        : Array(rows * columns).fill(0);
      offset += rows * columns;
      return values;
    });
    await engine.writeParameters(Float32Array.from(fresh));

    const trained = await engine.forward(reference.batch, "trained");
    const off = await engine.forward(reference.batch, "off");
    await engine.writeParameters(reference.trained);

    expect(off).toEqual(trained);
  });

  it("wants one forward for each backward, and a coefficient for each predicted token", async () => {
    await engine.forward(reference.batch, "trained");

    await expect(engine.backward(new Float32Array(3))).rejects.toThrow(
      /given 3 coefficients for \d+ predicted tokens/,
    );
    await engine.backward(reference.coefficientsT);
    await expect(engine.backward(reference.coefficientsT)).rejects.toThrow(/needs a forward/);
    await engine.takeGradients();
  });

  it("refuses a batch that cannot be computed, saying why", async () => {
    const tokens = Int32Array.of(1, 2, 3);
    const forward = (from: number, ids = tokens, temperature = 1) =>
      engine.forward({ temperature, sequences: [{ tokens: ids, from }] }, "trained");

    await expect(forward(0)).rejects.toThrow("sequence 0 predicts from token 0 of 3, should be from 1 to 2");
    await expect(forward(3)).rejects.toThrow("predicts from token 3 of 3");
    await expect(forward(1, Int32Array.of(1, 99))).rejects.toThrow("token 99 at 1, the vocabulary has 48");
    await expect(forward(1, tokens, 0)).rejects.toThrow("temperature 0 is not a positive number");
  });

  it("refuses parameters of another shape", async () => {
    await expect(engine.writeParameters(new Float32Array(5))).rejects.toThrow(
      /are \d+ numbers, 5 were given/,
    );
  });
});

/** The gradient of the weighted sum, its sequences in micro-batches of the given indexes. */
async function gradientOf(
  engine: GradientEngine,
  { batch, coefficientsT }: LoraReference,
  packing: readonly (readonly number[])[],
): Promise<Float32Array> {
  const starts = batch.sequences.map((_, index) =>
    batch.sequences.slice(0, index).reduce((sum, { tokens, from }) => sum + tokens.length - from, 0),
  );
  for (const indexes of packing) {
    const sequences = indexes.flatMap((index) => batch.sequences[index] ?? []);
    const parts = indexes.map((index) => coefficientsT.subarray(starts[index], starts[index + 1]));
    await engine.forward({ temperature: batch.temperature, sequences }, "trained");
    await engine.backward(Float32Array.from(parts.flatMap((part) => [...part])));
  }
  return engine.takeGradients();
}

function flatten({ parameters }: GradientEngine, { gradients }: WeightReference): Float32Array {
  return Float32Array.from(parameters.flatMap(({ name }) => [...(gradients.get(name) ?? [])]));
}
