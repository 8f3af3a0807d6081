/**
 * A Llama in float64: one sequence after another, nothing packed or shared, no kernel of ggml. It has the GGUF in common
 * with the engines, and the shape that the GGUF's metadata state.
 *
 * @see arXiv:2302.13971 (Llama), arXiv:2104.09864 (RoPE), arXiv:2305.13245 (grouped queries), arXiv:2106.09685 (LoRA)
 * @module
 */
import { describeModel, type ModelShape } from "../../llama/gguf/index.ts";
import { type MicroBatch, openGguf } from "../../llama/index.ts";
import { logSoftmax } from "./raw-logits.ts";

/** Row-major; a vector is one row. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Its numbers. */
export interface Float64Llama {
  readonly shape: ModelShape;
  /** By GGUF name; of a LoRA `<weight>.lora_a`, [rank × inputs], and `<weight>.lora_b`, [outputs × rank]. */
  readonly tensors: ReadonlyMap<string, Matrix>;
  /** What a LoRA's product is multiplied by. */
  readonly loraScale: number;
}

/** Reads a GGUF whose tensors are all F32. */
export async function readFloat64Llama(gguf: string): Promise<Float64Llama> {
  await using file = await openGguf(gguf);
  const tensors = new Map<string, Matrix>();
  for (const tensor of file.tensors.values()) {
    const [columns = 1, rows = 1] = tensor.shape;
    if (tensor.type !== "F32") throw new RangeError(`${tensor.name} is stored as ${tensor.type}`);
    const stored = new Float32Array(Uint8Array.from(await file.readRows(tensor)).buffer);
    tensors.set(tensor.name, { rows, columns, values: Float64Array.from(stored) });
  }
  return { shape: describeModel(file, gguf), tensors, loraScale: 1 };
}

/** log softmax(logits / temperature) of the predicted tokens, sequences concatenated. */
export function float64Logps(model: Float64Llama, { temperature, sequences }: MicroBatch): Float64Array {
  const head = model.tensors.get("output.weight") ?? tensorOf(model, "token_embd.weight");
  const logps = sequences.flatMap(({ tokens, from }) => {
    const states = statesAfter(model, tokens.subarray(0, -1));
    const logits = product(rowsFrom(states, from - 1), head);
    return Array.from(tokens.subarray(from), (token, index) =>
      Number(logSoftmax(rowOf(logits, index), temperature)[token]),
    );
  });
  return Float64Array.from(logps);
}

/** What the head multiplies, a row a token. */
function statesAfter(model: Float64Llama, tokens: Int32Array): Matrix {
  const embeddings = tensorOf(model, "token_embd.weight");
  const x = zeros(tokens.length, embeddings.columns);
  for (const [index, token] of tokens.entries()) rowOf(x, index).set(rowOf(embeddings, token));
  for (let layer = 0; layer < model.shape.layers; layer++) {
    const at = `blk.${layer}`;
    add(x, attention(model, at, norm(model, `${at}.attn_norm.weight`, x)));
    add(x, feedForward(model, at, norm(model, `${at}.ffn_norm.weight`, x)));
  }
  return norm(model, "output_norm.weight", x);
}

function attention(model: Float64Llama, at: string, x: Matrix): Matrix {
  const { heads, kvHeads, headSize } = model.shape;
  const q = rotate(model, project(model, `${at}.attn_q.weight`, x));
  const k = rotate(model, project(model, `${at}.attn_k.weight`, x));
  const v = project(model, `${at}.attn_v.weight`, x);
  const mixed = zeros(x.rows, heads * headSize);
  const partsOf = (a: Matrix, head: number) =>
    Array.from({ length: a.rows }, (_, token) =>
      rowOf(a, token).subarray(head * headSize, (head + 1) * headSize),
    );
  for (let head = 0; head < heads; head++) {
    const kvHead = Math.floor((head * kvHeads) / heads);
    const [queries, keys, values] = [partsOf(q, head), partsOf(k, kvHead), partsOf(v, kvHead)];
    for (const [token, sum] of partsOf(mixed, head).entries()) {
      const query = queries[token] as Float64Array;
      const scores = keys.slice(0, token + 1).map((key) => dot(query, key) / Math.sqrt(headSize));
      for (const [key, share] of softmax(scores).entries()) addTimes(sum, share, values[key] as Float64Array);
    }
  }
  return project(model, `${at}.attn_output.weight`, mixed);
}

/** RoPE: dimensions 2i and 2i + 1 of a head turn together, by position / base^(2i / size) / factor of i. */
function rotate({ shape, tensors }: Float64Llama, x: Matrix): Matrix {
  const { headSize, ropeBase, ropeScale } = shape;
  const factors = tensors.get("rope_freqs.weight")?.values;
  const turned = zeros(x.rows, x.columns);
  for (let position = 0; position < x.rows; position++)
    for (let first = 0; first < x.columns; first += 2) {
      const pair = (first % headSize) / 2;
      const angle = (position * ropeScale * ropeBase ** ((-2 * pair) / headSize)) / (factors?.[pair] ?? 1);
      const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
      const [even = 0, odd = 0] = rowOf(x, position).subarray(first);
      rowOf(turned, position).set([even * cos - odd * sin, even * sin + odd * cos], first);
    }
  return turned;
}

/** W_down (silu(W_gate x) · W_up x). */
function feedForward(model: Float64Llama, at: string, x: Matrix): Matrix {
  const gate = project(model, `${at}.ffn_gate.weight`, x);
  const up = project(model, `${at}.ffn_up.weight`, x);
  const values = gate.values.map(
    (value, index) => (value / (1 + Math.exp(-value))) * (up.values[index] ?? 0),
  );
  return project(model, `${at}.ffn_down.weight`, { ...gate, values });
}

/** W x, plus scale · B A x where W has a LoRA. */
function project(model: Float64Llama, weight: string, x: Matrix): Matrix {
  const y = product(x, tensorOf(model, weight));
  const a = model.tensors.get(`${weight}.lora_a`);
  const b = model.tensors.get(`${weight}.lora_b`);
  if (a && b) addTimes(y.values, model.loraScale, product(product(x, a), b).values);
  return y;
}

/** x / √(mean x² + ε) · weight. */
function norm(model: Float64Llama, name: string, x: Matrix): Matrix {
  const weight = tensorOf(model, name).values;
  const normed = zeros(x.rows, x.columns);
  for (let index = 0; index < x.rows; index++) {
    const row = rowOf(x, index);
    const length = Math.sqrt(dot(row, row) / x.columns + model.shape.normEpsilon);
    rowOf(normed, index).set(row.map((value, column) => (value / length) * (weight[column] ?? 0)));
  }
  return normed;
}

function softmax(scores: readonly number[]): number[] {
  const greatest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - greatest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Every row of x times every row of w. */
function product(x: Matrix, w: Matrix): Matrix {
  const y = zeros(x.rows, w.rows);
  const rows = Array.from({ length: w.rows }, (_, row) => rowOf(w, row));
  for (let index = 0; index < x.rows; index++) {
    const row = rowOf(x, index);
    rowOf(y, index).set(rows.map((weights) => dot(row, weights)));
  }
  return y;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

function add(sum: Matrix, x: Matrix): void {
  addTimes(sum.values, 1, x.values);
}

function addTimes(sum: Float64Array, factor: number, x: Float64Array): void {
  for (let index = 0; index < sum.length; index++)
    sum[index] = (sum[index] as number) + factor * (x[index] as number);
}

function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

function rowOf({ columns, values }: Matrix, row: number): Float64Array {
  return values.subarray(row * columns, (row + 1) * columns);
}

function rowsFrom({ rows, columns, values }: Matrix, from: number): Matrix {
  return { rows: rows - from, columns, values: values.subarray(from * columns) };
}

function tensorOf({ tensors }: Float64Llama, name: string): Matrix {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new RangeError(`the model has no tensor ${name}`);
  return tensor;
}
