/**
 * A gradient step against PyTorch's on the same cores: the same texts, weights and adapter, and the same gradient.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { createRandom, medianRatio } from "../../core/index.ts";
import type { GradientEngine } from "../../llama/index.ts";
import { openTemporaryFolder } from "../../test/support/temporary-folder.ts";
import {
  BENCH_MODEL,
  BENCH_SHAPE,
  benchGroup,
  benchModel,
  openBenchGradient,
  secondsOf,
} from "../gradient-model.ts";
import { type Peer, startPeer } from "../peers/peer.ts";
import type { Bench, Row } from "../row.ts";

const CORES = 2;
const SEQUENCES = 8;
const PROMPT = 128;
const LENGTH = 256;
const PAIRS = 7;
/** Of the two gradients; a quantized base is computed on in its own type here, and dequantized there. */
const LEAST_COSINE = { F32: 0.999_99, Q8_0: 0.999 } as const;

/** Rows `pytorch-f32` and `pytorch-q8_0`; `make bench-peers`. */
export const pytorchBench: Bench = {
  name: "pytorch",
  measure: async () => [await measureOver("F32"), await measureOver("Q8_0")],
};

async function measureOver(type: "F32" | "Q8_0"): Promise<Row> {
  await using engine = await openBenchGradient({ type, lanes: CORES });
  const values = randomValues(engine);
  await engine.writeParameters(values);
  // Of different prompts, so that nothing is shared: PyTorch would not either.
  const texts = Array.from({ length: SEQUENCES }, (_, index) =>
    benchGroup(`pytorch ${index}`, { prompt: PROMPT, completions: 1, tokens: LENGTH - PROMPT }),
  ).flat();
  const coefficients = Float32Array.from({ length: SEQUENCES * (LENGTH - PROMPT) }, (_, i) => Math.sin(i));

  const ours = () => stepOf(engine, texts, coefficients);
  await using folder = await openTemporaryFolder();
  const files = {
    values: folder.file("values"),
    tokens: folder.file("tokens"),
    coefficients: folder.file("coefficients"),
    gradient: folder.file("gradient"),
  };
  await writeFile(files.values, values);
  await writeFile(files.tokens, Buffer.concat(texts.map(({ tokens }) => new Uint8Array(tokens.buffer))));
  await writeFile(files.coefficients, coefficients);
  const gguf = await benchModel(type);
  using peer = startPeer("pytorch.py", {
    ...{ gguf, ...files, shape: BENCH_SHAPE, parameters: engine.parameters, scale: 2 },
    ...{ sequences: SEQUENCES, from: PROMPT, threads: CORES },
  });
  const { version } = (await peer.next()) as { version: string };
  const cosine = cosineOf(await ours(), await readFloats(files.gradient));
  if (!(cosine >= LEAST_COSINE[type])) throw new Error(`${type}: the gradients' cosine is ${cosine}`);
  return {
    id: `pytorch-${type.toLowerCase()}`,
    what: `a gradient step, ${BENCH_MODEL.replace("float32", type)}, ${SEQUENCES} texts of ${LENGTH} tokens, ${LENGTH - PROMPT} of them predicted, ${CORES} threads, against PyTorch ${version}, eager, float32, on the same two cores; median of ${PAIRS} pairs; cosine of the two gradients ${cosine.toFixed(7)}`,
    value: await medianRatio({ ours: () => secondsOf(ours), theirs: () => secondsOfPeer(peer) }, PAIRS),
    unit: "×",
    atLeast: 0.5,
  };
}

async function secondsOfPeer(peer: Peer): Promise<number> {
  return ((await peer.next()) as { readonly seconds: number }).seconds;
}

/** A micro-batch on each lane. */
async function stepOf(
  engine: GradientEngine,
  texts: ReturnType<typeof benchGroup>,
  coefficients: Float32Array,
): Promise<Float32Array> {
  const each = texts.length / CORES;
  await Promise.all(
    Array.from({ length: CORES }, async (_, lane) => {
      const sequences = texts.slice(lane * each, (lane + 1) * each);
      await engine.forward({ temperature: 1, sequences }, "trained", lane);
      const predicted = coefficients.length / CORES;
      await engine.backward(coefficients.slice(lane * predicted, (lane + 1) * predicted), lane, lane);
    }),
  );
  return engine.takeGradients();
}

/** Both matrices of each pair, so that both have a gradient. */
function randomValues({ parameters }: GradientEngine): Float32Array {
  const next = createRandom("pytorch adapter");
  const count = parameters.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  return Float32Array.from({ length: count }, () => 0.02 * (2 * next() - 1));
}

async function readFloats(path: string): Promise<Float32Array> {
  const { buffer, byteOffset, byteLength } = await readFile(path);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (const [index, x] of a.entries()) {
    const y = b[index] ?? Number.NaN;
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return product / Math.sqrt(ofA * ofB);
}
