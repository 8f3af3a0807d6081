import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type MicroBatch,
  openGradientEngine,
  type Parameter,
  PROJECTIONS,
  randomTokens,
} from "../../llama/index.ts";
import { type Float64Llama, float64Logps, readFloat64Llama } from "../support/float64-llama.ts";
import { largestDifference, lengthOf } from "../support/gradients.ts";
import { llama3Factors, uniformNumbers, writeShapedModel } from "../support/shaped-model.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

const VOCABULARY = 272;
/** Of a difference quotient; float64 has nine digits of it left. */
const STEP = 1e-5;

let folder: TemporaryFolder;
let files = 0;
beforeAll(async () => {
  folder = await openTemporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

interface Attention {
  readonly kvHeads: number;
  readonly headsOfKv: number;
  readonly headSize: number;
}

/** All that are no wider than 128, since float64 takes its time. */
const attentions: readonly Attention[] = [1, 2, 3]
  .flatMap((kvHeads) => [1, 2, 4, 8].map((headsOfKv) => ({ kvHeads, headsOfKv })))
  .flatMap((heads) => [8, 16, 32, 64].map((headSize) => ({ ...heads, headSize })))
  .filter(({ kvHeads, headsOfKv, headSize }) => kvHeads * headsOfKv * headSize <= 128);

/** A model, what is trained of it, and completions of one prompt. */
interface Drawn {
  readonly layers: number;
  readonly embedding: number;
  readonly feedForward: number;
  readonly attention: Attention;
  readonly isTied: boolean;
  readonly ropeBase: number;
  /** How many tokens Llama 3's factors take the model to be made for; null has none. */
  readonly madeForTokens: number | null;
  /** Of the LoRA; null trains all weights. */
  readonly rank: number | null;
  /** In tokens, as completions are. */
  readonly prompt: number;
  readonly completions: readonly number[];
  readonly temperature: number;
  readonly isCheckpointed: boolean;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  layers: fc.constantFrom(1, 2),
  embedding: fc.integer({ min: 16, max: 72 }),
  feedForward: fc.integer({ min: 8, max: 96 }),
  attention: fc.constantFrom(...attentions),
  isTied: fc.boolean(),
  ropeBase: fc.constantFrom(10_000, 500_000, 1_000_000),
  madeForTokens: fc.constantFrom(null, 64, 8_192),
  rank: fc.option(fc.integer({ min: 1, max: 64 }), { freq: 4 }),
  prompt: fc.integer({ min: 1, max: 201 }),
  completions: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 2 }),
  temperature: fc.constantFrom(0.7, 1, 1.3),
  isCheckpointed: fc.boolean(),
});

/** Of Llama 3's kind, and of the shortest and the longest sequence. */
const examples: [Drawn][] = [
  { rank: 64, prompt: 1, completions: [1] },
  { rank: 1, prompt: 201, completions: [100, 1] },
  { rank: null, prompt: 1, completions: [300], attention: { kvHeads: 1, headsOfKv: 2, headSize: 64 } },
].map((chosen) => [
  {
    layers: 1,
    embedding: 48,
    feedForward: 80,
    attention: { kvHeads: 2, headsOfKv: 4, headSize: 16 },
    isTied: false,
    ropeBase: 500_000,
    madeForTokens: 64,
    temperature: 1,
    isCheckpointed: false,
    ...chosen,
  },
]);

describe("the gradient engine, for any shape of a Llama,", { timeout: 120_000 }, () => {
  // float32 leaves 1e-6 of both, where a LoRA of rank 1 makes activations large 3e-5.
  it("has float64's log-probabilities and its slopes along random directions to 1e-4", async () => {
    const most = { logp: 0, slope: 0 };
    await fc.assert(
      fc.asyncProperty(drawn, async (shape) => {
        const { logp, slopes } = await compare(shape);

        const steepest = slopes.reduce((a, b) => (a.error > b.error ? a : b));
        expect(logp).toBeLessThan(1e-4);
        expect(steepest.error, steepest.kind).toBeLessThan(1e-4);
        most.logp = Math.max(most.logp, logp);
        most.slope = Math.max(most.slope, steepest.error);
      }),
      { numRuns: 11, seed: 20, examples, endOnFailure: true },
    );
    process.stderr.write(
      `off float64: ${most.logp.toExponential(1)} nats, ${most.slope.toExponential(1)} of a slope at most\n`,
    );
  });
});

/** How far the engine is from float64: in log-probabilities, and along a direction for each kind of parameter. */
async function compare(shape: Drawn) {
  const { layers, embedding, feedForward, isTied, ropeBase, madeForTokens, rank, isCheckpointed } = shape;
  const { kvHeads, headsOfKv, headSize } = shape.attention;
  const gguf = folder.file(`drawn-${files++}.gguf`);
  const ropeFactors = madeForTokens === null ? null : llama3Factors(headSize, ropeBase, madeForTokens);
  const heads = kvHeads * headsOfKv;
  const sizes = { layers, embedding, feedForward, kvHeads, heads, headSize };
  await writeShapedModel(gguf, { ...sizes, isTied, ropeBase, ropeFactors });
  const lora = { kind: "lora", rank: rank ?? 0, alpha: 16, targets: PROJECTIONS } as const;
  await using engine = await openGradientEngine({
    gguf,
    device: "cpu",
    threads: 1,
    trainable: rank === null ? { kind: "all" } : lora,
    ...(isCheckpointed ? { keptBytes: 0 } : {}),
  });
  const numbers = (await engine.readParameters()).length;
  if (rank !== null) await engine.writeParameters(uniformNumbers(numbers, 0.2, "adapter"));
  const flat = await engine.readParameters();
  const batch = batchOf(shape);

  const { logpT } = await engine.forward(batch, "trained");
  const coefficientsT = uniformNumbers(logpT.length, 1, "coefficients");
  await engine.backward(coefficientsT);
  const gradient = await engine.takeGradients();

  const model = { ...(await readFloat64Llama(gguf)), loraScale: 16 / (rank ?? 1) };
  const logpsAt = (values: Float64Array) =>
    float64Logps(withParameters(model, engine.parameters, values), batch);
  const sumAt = (values: Float64Array) =>
    logpsAt(values).reduce((sum, logp, index) => sum + logp * (coefficientsT[index] ?? 0), 0);
  return {
    logp: largestDifference(logpT, Float32Array.from(logpsAt(Float64Array.from(flat)))),
    slopes: slopesOf(engine.parameters, Float64Array.from(flat), gradient, sumAt),
  };
}

/**
 * For each kind of parameter a direction of random signs, along which a slope has the root mean square of the gradient's
 * length: of that the difference of the two slopes.
 */
function slopesOf(
  parameters: readonly Parameter[],
  flat: Float64Array,
  gradient: Float32Array,
  sumAt: (values: Float64Array) => number,
) {
  const floor = 1e-6 * lengthOf(gradient);
  const kinds = parameters.flatMap(({ name, rows, columns }) =>
    Array<string>(rows * columns).fill(name.replace(/^blk\.\d+\.|\.lora_[ab]$/g, "")),
  );
  return [...new Set(kinds)].map((kind) => {
    const signs = uniformNumbers(flat.length, 1, kind).map((value, index) =>
      kinds[index] === kind ? Math.sign(value) : 0,
    );
    const moved = (step: number) => sumAt(flat.map((value, index) => value + step * (signs[index] ?? 0)));
    const expected = (moved(STEP) - moved(-STEP)) / (2 * STEP);
    const slope = gradient.reduce((sum, value, index) => sum + value * (signs[index] ?? 0), 0);
    const length = lengthOf(gradient.filter((_, index) => kinds[index] === kind));
    return { kind, error: Math.abs(slope - expected) / Math.max(length, floor) };
  });
}

/** The model with its parameters' values, [rows × columns] one after the other. */
function withParameters(
  model: Float64Llama,
  parameters: readonly Parameter[],
  flat: Float64Array,
): Float64Llama {
  let offset = 0;
  const moved = parameters.map(({ name, rows, columns }) => {
    const values = flat.subarray(offset, offset + rows * columns);
    offset += values.length;
    return [name, { rows, columns, values }] as const;
  });
  return { ...model, tensors: new Map([...model.tensors, ...moved]) };
}

/** Completions of one prompt, which the engine evaluates once where there are several. */
function batchOf({ prompt, completions, temperature }: Drawn): MicroBatch {
  const asked = randomTokens("prompt", VOCABULARY, prompt);
  const sequences = completions.map((length, index) => ({
    tokens: Int32Array.of(...asked, ...randomTokens(`completion ${index}`, VOCABULARY, length)),
    from: prompt,
  }));
  return { temperature, sequences };
}
