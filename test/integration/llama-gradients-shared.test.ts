import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, openBackend } from "../../llama/gradients/backend.ts";
import type { GradientModel } from "../../llama/gradients/gradient-model.ts";
import { PROJECTIONS, type TensorType } from "../../llama/index.ts";
import { loadLibraries } from "../../llama/native/libraries.ts";
import { openModelHere, WIDE } from "../support/gradient-models.ts";
import { largestDifference, largestError, lengthOf, someSequence, wave } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const VOCABULARY = 272;
const LANES = 3;

let folder: TemporaryFolder;
let files = 0;
let backends: [Backend, ...Backend[]];
beforeAll(async () => {
  folder = await openTemporaryFolder();
  const open = () => openBackend(loadLibraries("cpu"), 1, true);
  backends = [open(), ...Array.from({ length: LANES - 1 }, open)];
});
afterAll(async () => {
  for (const backend of backends) backend[Symbol.dispose]();
  await folder[Symbol.asyncDispose]();
});

/** A small model, and a group that shares a prompt. */
interface Drawn {
  readonly kvHeads: number;
  readonly headsOfKv: number;
  readonly headSize: number;
  readonly isTied: boolean;
  readonly rank: number;
  readonly hasRopeFactors: boolean;
  /** In tokens, as completions are. */
  readonly prompt: number;
  readonly completions: readonly number[];
  readonly temperature: number;
  readonly isCheckpointed: boolean;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  kvHeads: fc.constantFrom(1, 2, 3),
  headsOfKv: fc.constantFrom(1, 2, 4),
  headSize: fc.constantFrom(8, 16, 32, 64),
  isTied: fc.boolean(),
  rank: fc.integer({ min: 1, max: 64 }),
  hasRopeFactors: fc.boolean(),
  prompt: fc.integer({ min: 1, max: 300 }),
  completions: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 2, maxLength: 5 }),
  temperature: fc.constantFrom(0.7, 1, 1.3),
  isCheckpointed: fc.boolean(),
});

describe("a group that shares its prompt", () => {
  it("evaluates the prompt once, with the log-probabilities and the gradient of sequences alone, to 1e-5", async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async (shape) => {
        using model = await openDrawn(shape, "F32");

        const { shared, alone, evaluatedTokens } = await compare(model, shape);

        const completions = shape.completions.reduce((sum, tokens) => sum + tokens - 1, 0);
        expect(evaluatedTokens).toBe(shape.prompt + completions);
        expect(largestDifference(shared.logpT, alone.logpT)).toBeLessThan(1e-5);
        expect(distance(shared.gradient, alone.gradient)).toBeLessThan(1e-5);
        expect(largestError(model.parameters, shared.gradient, alone.gradient)).toBeLessThan(1e-4);
      }),
      { numRuns: 12, seed: 5 },
    );
  });

  // Activations are rounded to eight bits there: what differs by 1e-7 before may round to another step.
  const types: readonly [TensorType, number][] = [
    ["F16", 1e-3],
    ["BF16", 1e-2],
    ["Q8_0", 1e-2],
    ["Q6_K", 1e-2],
    ["Q5_K", 1e-2],
    ["Q4_K", 1e-2],
    ["Q4_0", 1e-2],
    ["IQ4_NL", 1e-2],
  ];
  it.each(types)(
    "has the same gradient on a base in %s up to the rounding of activations",
    async (type, most) => {
      const shape = {
        kvHeads: 2,
        headsOfKv: 2,
        headSize: 64,
        isTied: false,
        rank: 8,
        hasRopeFactors: true,
        prompt: 70,
        completions: [20, 33, 5],
        temperature: 1,
        isCheckpointed: false,
      };
      using model = await openDrawn(shape, type);

      const { shared, alone } = await compare(model, shape);

      expect(distance(shared.gradient, alone.gradient)).toBeLessThan(most);
    },
  );
});

describe("lanes", () => {
  it.each(["lora", "all"] as const)(
    "side by side give the bytes of one after the other, whichever ends first (%s)",
    async (kind) => {
      const path = folder.file("lanes.gguf");
      await writeTinyModel(path);
      const trainable = kind === "all" ? { kind } : { kind, rank: 4, alpha: 8, targets: PROJECTIONS };
      using model = await openModelHere(path, { trainable, backends });
      if (kind === "lora") model.writeParameters(wave(model.readParameters().length, 0.05));
      const batches = [200, 20, 120, 30, 60].map((tokens, seed) => ({
        temperature: 1,
        sequences: [someSequence(tokens, 5, VOCABULARY, seed)],
      }));
      const run = async (index: number, lane: number) => {
        const { logpT } = await model.forward(
          batches[index] ?? { temperature: 1, sequences: [] },
          "trained",
          lane,
        );
        await model.backward(wave(logpT.length, 1), lane, index);
      };

      for (const index of batches.keys()) await run(index, 0);
      const oneByOne = model.takeGradients();
      const work = batches.keys();
      const runLane = async (lane: number) => {
        for (const index of work) await run(index, lane);
      };
      await Promise.all([0, 1, 2].map(runLane));
      const sideBySide = model.takeGradients();

      expect(lengthOf(oneByOne)).toBeGreaterThan(0);
      expect(Buffer.from(sideBySide.buffer).equals(Buffer.from(oneByOne.buffer))).toBe(true);
    },
  );
});

async function openDrawn(shape: Drawn, type: TensorType): Promise<GradientModel> {
  const { kvHeads, headsOfKv, headSize, isTied, rank, hasRopeFactors, isCheckpointed } = shape;
  const path = folder.file(`drawn-${files++}.gguf`);
  const heads = kvHeads * headsOfKv;
  await writeTinyModel(path, {
    type,
    kvHeads,
    heads,
    embedding: heads * headSize,
    isTied,
    feedForward: type === "F32" ? 48 : 256,
    layers: 1,
  });
  const factors = hasRopeFactors && {
    ropeFactors: Float32Array.from({ length: headSize / 2 }, (_, pair) => 1 + (7 * pair) / headSize),
  };
  return openModelHere(path, {
    trainable: { kind: "lora", rank, alpha: 2 * rank, targets: PROJECTIONS },
    limits: isCheckpointed ? { ...WIDE, keptBytes: 0 } : WIDE,
    backends,
    ...factors,
  });
}

/** A group in one micro-batch, and each of its sequences in one of its own. */
async function compare(model: GradientModel, { prompt, completions, temperature }: Drawn) {
  model.writeParameters(wave(model.readParameters().length, 0.05));
  const { tokens: promptTokens } = someSequence(prompt, 1, VOCABULARY, 99);
  const sequences = completions.map((length, seed) => {
    const { tokens } = someSequence(length, 1, VOCABULARY, seed);
    return { tokens: Int32Array.from([...promptTokens, ...tokens]), from: prompt };
  });

  const { logpT, evaluatedTokens } = await model.forward({ temperature, sequences }, "trained");
  const coefficientsT = wave(logpT.length, 1, 0.3);
  await model.backward(coefficientsT);
  const shared = { logpT, gradient: model.takeGradients() };

  const logps: number[] = [];
  for (const sequence of sequences) {
    const one = await model.forward({ temperature, sequences: [sequence] }, "trained");
    await model.backward(coefficientsT.subarray(logps.length, logps.length + one.logpT.length));
    logps.push(...one.logpT);
  }
  const alone = { logpT: Float32Array.from(logps), gradient: model.takeGradients() };
  return { shared, alone, evaluatedTokens };
}

/** ‖a − b‖ / ‖b‖. */
function distance(a: Float32Array, b: Float32Array): number {
  return lengthOf(a.map((value, index) => value - (b[index] ?? Number.NaN))) / lengthOf(b);
}
