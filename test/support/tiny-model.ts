/**
 * A random Llama that is small enough to be written and loaded within a test.
 *
 * @module
 */
import { rename, rm } from "node:fs/promises";
import { createRandom } from "../../core/index.ts";
import {
  type Adapter,
  type AdapterTensor,
  type FreshModel,
  type ModelInfo,
  PROJECTIONS,
  projectionShape,
  type TensorType,
  writeFreshModel,
  writeTrainedModel,
} from "../../llama/index.ts";

/** What a test may choose about its model. */
export interface TinyModel extends Partial<Omit<FreshModel, "name">> {
  /** Storage type of the matrices; rows of Q8_0 are multiples of 32, of Q4_K of 256. */
  readonly type?: TensorType;
  /** Tokens: the end token, 256 bytes and merges of them. At least 257. */
  readonly vocabulary?: number;
  readonly seed?: number;
}

/**
 * Writes a model as GGUF. Token 0 is `<|end|>`, tokens 1 to 256 are bytes, the rest merges of letters. The default has
 * 2 layers and about 45,000 parameters.
 */
export async function writeTinyModel(path: string, tiny: TinyModel = {}): Promise<void> {
  const { type = "F32", vocabulary = 272, seed = 0, ...chosen } = tiny;
  const model: FreshModel = {
    name: "tiny",
    layers: 2,
    embedding: 64,
    heads: 4,
    kvHeads: 2,
    feedForward: 96,
    contextTokens: 512,
    ropeBase: 10_000,
    normEpsilon: 1e-5,
    isTied: true,
    ...chosen,
  };
  const fresh = `${path}.fresh`;
  await writeFreshModel(fresh, model, tinyTokenizer(vocabulary), seed);
  if (type === "F32") return rename(fresh, path);
  await writeTrainedModel(path, { base: fresh, type, weights: new Map(), metadata: new Map() });
  await rm(fresh);
}

/** A byte-level tokenizer.json with `vocabulary` tokens, at most 256 + 1 + 26² + 26⁴. */
export function tinyTokenizer(vocabulary: number): string {
  const letters = [..."etaoinshrdlucmfwypvbgkjqxz"];
  const pairs = letters.flatMap((first) => letters.map((second): [string, string] => [first, second]));
  const merged = pairs.map((pair) => pair.join(""));
  const count = vocabulary - 257;
  const merges = pairs.slice(0, count);
  for (const first of merged)
    for (const second of merged) if (merges.length < count) merges.push([first, second]);
  const tokens = ["<|end|>", ...byteTokens(), ...merges.map((pair) => pair.join(""))];
  return JSON.stringify({
    added_tokens: [{ id: 0, content: "<|end|>", special: true }],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  });
}

/** GPT-2's names of the 256 bytes: printable ones stand for themselves, the others for code points from 256 on. */
function byteTokens(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    return String.fromCodePoint(isPrintable ? byte : next++);
  });
}

/**
 * A random adapter for a model: all seven projections of every layer, A and B uniform in ±`size`.
 *
 * @param options.size - the largest value, by default large enough that the model's answers change
 */
export function tinyAdapter(
  model: ModelInfo,
  {
    rank = 4,
    alpha = 8,
    size = 0.3,
    seed = 0,
  }: { rank?: number; alpha?: number; size?: number; seed?: number } = {},
): Adapter {
  const matrix = (name: string, rows: number, columns: number): AdapterTensor => {
    const next = createRandom(`${seed}/${name}`);
    return {
      name,
      rows,
      columns,
      values: Float32Array.from({ length: rows * columns }, () => size * (2 * next() - 1)),
    };
  };
  const tensors = Array.from({ length: model.layers }, (_, layer) =>
    PROJECTIONS.flatMap((projection) => {
      const [inputs, outputs] = projectionShape(model, projection);
      const weight = `blk.${layer}.${projection}.weight`;
      return [matrix(`${weight}.lora_a`, rank, inputs), matrix(`${weight}.lora_b`, outputs, rank)];
    }),
  ).flat();
  return { base: model.digest, alpha, tensors };
}
