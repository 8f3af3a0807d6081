import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeModel, openGguf, typeCode } from "../../llama/gguf/index.ts";
import { type Backend, declareMatrix, openBackend } from "../../llama/gradients/backend.ts";
import { openBatchInputs } from "../../llama/gradients/batch-inputs.ts";
import { block } from "../../llama/gradients/block.ts";
import { writeGraph } from "../../llama/gradients/graph.ts";
import type { MemoryLimits } from "../../llama/gradients/memory-limits.ts";
import { layerNodes } from "../../llama/gradients/model-ends.ts";
import { orthogonalize } from "../../llama/gradients/orthogonalize.ts";
import { packSequences } from "../../llama/gradients/packing.ts";
import { declareParameters } from "../../llama/gradients/parameter-sets.ts";
import { tileAttention } from "../../llama/gradients/tiles.ts";
import type { Trainable } from "../../llama/gradients/trainable.ts";
import { loadWeights } from "../../llama/gradients/weights.ts";
import { PROJECTIONS } from "../../llama/index.ts";
import { loadLibraries } from "../../llama/native/libraries.ts";
import { openModelHere, WIDE } from "../support/gradient-models.ts";
import { lengthOf, someSequence, wave } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

let folder: TemporaryFolder;
let backend: Backend;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  backend = openBackend(loadLibraries("cpu"), 1);
});
afterAll(async () => {
  backend[Symbol.dispose]();
  await folder[Symbol.asyncDispose]();
});

describe("limits on memory", () => {
  const narrow: Readonly<Record<string, Partial<MemoryLimits>>> = {
    "that keep only the layers' inputs": { keptBytes: 0 },
    "that cut the predicted tokens into chunks": { chunkLogits: 272 * 32 },
    "that cut the head's matrix": { dequantizedNumbers: 64 * 100 },
    "that cut attention": { tileProbabilities: 16 * 64 },
    "that cut attention and keep only the layers' inputs": { keptBytes: 0, tileProbabilities: 16 * 64 },
    "of every kind together": { keptBytes: 0, chunkLogits: 1, dequantizedNumbers: 1, tileProbabilities: 1 },
  };
  const cases = Object.entries(narrow).flatMap(([name, limits]) => [
    { name, limits, kind: "lora" as const, type: "Q8_0" as const },
    { name, limits, kind: "all" as const, type: "F32" as const },
  ]);

  it.each(cases)(
    "$name change neither log-probabilities nor the gradient ($kind, $type)",
    async ({ limits, kind, type }) => {
      const wanted = await runWith(kind, type, WIDE);

      const found = await runWith(kind, type, { ...WIDE, ...limits });

      expect(distance(found.logpT, wanted.logpT)).toBeLessThan(1e-5);
      expect(distance(found.entropyT, wanted.entropyT)).toBeLessThan(1e-5);
      expect(distance(found.gradient, wanted.gradient)).toBeLessThan(1e-5);
    },
  );
});

describe("the memory of a layer, forward and backward", () => {
  it("grows with the length where probabilities are computed again, with its square where they are kept", async () => {
    const growth = async (keepsProbabilities: boolean) =>
      (await layerBytes(2_048, keepsProbabilities)) / (await layerBytes(1_024, keepsProbabilities));

    expect(await growth(false)).toBeLessThan(2.1);
    expect(await growth(true)).toBeGreaterThan(3);
  });
});

describe("orthogonalize", () => {
  it.each([
    { rows: 24, columns: 40 },
    { rows: 40, columns: 24 },
    { rows: 32, columns: 32 },
  ])("is five Newton–Schulz steps, as float64 takes them, for $rows × $columns", ({ rows, columns }) => {
    const values = wave(rows * columns, 3).map((value, index) => value + Math.cos(index * index));

    const found = orthogonalize(backend, { rows, columns, values });

    expect(distance(found, newtonSchulz(values, rows, columns))).toBeLessThan(1e-5);
  });

  it("leaves a matrix of zeros as it is", () => {
    expect(orthogonalize(backend, { rows: 2, columns: 3, values: new Float32Array(6) })).toEqual(
      new Float32Array(6),
    );
  });
});

/** Log-probabilities, entropies and a gradient of a batch with shared and single prompts. */
async function runWith(kind: "lora" | "all", type: "F32" | "Q8_0", limits: MemoryLimits) {
  const path = folder.file(`${type}.gguf`);
  await writeTinyModel(path, { type, isTied: false });
  const trainable: Trainable = kind === "all" ? { kind } : { kind, rank: 4, alpha: 8, targets: PROJECTIONS };
  using model = await openModelHere(path, { trainable, limits, backends: [backend] });
  if (kind === "lora") model.writeParameters(wave(model.readParameters().length, 0.05));
  const sequences = [0, 1, 2, 3].map((seed) => someSequence(90 - 9 * seed, 30, 272, Math.min(seed, 2)));

  const { logpT, entropyT } = await model.forward({ temperature: 0.9, sequences }, "trained");
  await model.backward(wave(logpT.length, 1));
  return { logpT, entropyT, gradient: model.takeGradients() };
}

/** What the graph of a layer needs for a sequence, in bytes; nothing is computed. */
async function layerBytes(tokens: number, keepsProbabilities: boolean): Promise<number> {
  const path = folder.file("layer.gguf");
  await writeTinyModel(path, { contextTokens: 4_096 });
  await using file = await openGguf(path);
  const shape = describeModel(file, path);
  const tensors = [...file.tensors.values()];
  const source = {
    tensors: tensors.map(({ name, type, shape: axes }) => ({ name, type: typeCode(type), shape: axes })),
    read: async (name: string) => file.readRows(file.tensors.get(name) as (typeof tensors)[number]),
  };
  using weights = await loadWeights(backend, source, false);
  using store = backend.openStore(200);
  const trainable = { kind: "lora", rank: 4, alpha: 8, targets: PROJECTIONS } as const;
  const [set] = declareParameters(store, { backend, shape, weights }, trainable, 1);
  const states = declareMatrix(store, shape.embedding, tokens);
  store.allocate();
  const packing = packSequences({ temperature: 1, sequences: [someSequence(tokens, 1, 272, 0)] });
  using inputs = openBatchInputs(backend, shape, packing, tileAttention(packing, 1_024));
  const parameters = set?.trained ?? { loraOf: () => null, gradientOf: () => null };
  const { graph } = writeGraph(backend, layerNodes(inputs), (builder) => {
    const context = { graph: builder, weights, parameters, keepsProbabilities };
    const { backward } = block(context, shape, inputs, 0, states);
    builder.append(backward(states));
  });
  using written = graph;
  return written.bytes();
}

/** ‖a − b‖ / ‖b‖. */
function distance(a: Float32Array, b: Float32Array): number {
  return lengthOf(a.map((value, index) => value - (b[index] ?? Number.NaN))) / lengthOf(b);
}

/** X ← 3.4445 X − 4.7750 (X Xᵀ) X + 2.0315 (X Xᵀ)² X from X / ‖X‖, five times. */
function newtonSchulz(values: Float32Array, rows: number, columns: number): Float32Array {
  const length = lengthOf(values);
  let x = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => (values[row * columns + column] ?? 0) / length),
  );
  for (let step = 0; step < 5; step++) {
    const gram = product(x, transposed(x));
    const once = product(gram, x);
    const twice = product(gram, once);
    x = x.map((line, row) =>
      line.map(
        (value, column) =>
          3.4445 * value - 4.775 * (once[row]?.[column] ?? 0) + 2.0315 * (twice[row]?.[column] ?? 0),
      ),
    );
  }
  return Float32Array.from(x.flat());
}

function product(a: readonly number[][], b: readonly number[][]): number[][] {
  const bT = transposed(b);
  return a.map((line) => bT.map((other) => line.reduce((sum, value, k) => sum + value * (other[k] ?? 0), 0)));
}

function transposed(a: readonly number[][]): number[][] {
  return (a[0] ?? []).map((_, column) => a.map((line) => line[column] ?? 0));
}
