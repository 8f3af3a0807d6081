import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurably } from "../../core/index.ts";
import {
  type AdapterPair,
  checkAdapterFits,
  decodeAdapter,
  type ModelInfo,
  type Projection,
  pairsOf,
} from "../gguf/index.ts";
import { ExportError } from "./errors.ts";
import { encodeSafetensors, type NamedTensor } from "./safetensors.ts";

/** Where Hugging Face's Llama has each projection within `model.layers.<layer>`. */
const MODULES: { readonly [Name in Projection]: string } = {
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

/**
 * Writes an adapter as Hugging Face's PEFT loads it: `adapter_config.json` and `adapter_model.safetensors`, for the
 * model that the GGUF was converted from.
 *
 * @param folder - made if it is not there
 * @param adapter - the adapter's GGUF
 * @throws {AdapterError} when the adapter belongs to another model
 * @throws {ExportError} when its matrices are not of one rank, which PEFT's configuration cannot say
 */
export async function writePeftAdapter(folder: string, model: ModelInfo, adapter: Uint8Array): Promise<void> {
  const decoded = decodeAdapter(adapter);
  checkAdapterFits(decoded, model);
  const pairs = pairsOf(decoded);
  const tensors = pairs.flatMap((pair) => peftTensors(pair, model));
  await mkdir(folder, { recursive: true });
  await writeFileDurably(join(folder, "adapter_model.safetensors"), encodeSafetensors(tensors));
  const config = JSON.stringify(peftConfig(pairs, model.name), null, 2);
  await writeFileDurably(join(folder, "adapter_config.json"), `${config}\n`);
}

function peftConfig(pairs: readonly AdapterPair[], baseName: string): Record<string, unknown> {
  const [first] = pairs;
  const rank = first?.a.rows ?? 0;
  if (pairs.some(({ a }) => a.rows !== rank)) throw new ExportError("the adapter's matrices differ in rank");
  return {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: baseName,
    r: rank,
    lora_alpha: (first?.scale ?? 1) * rank,
    lora_dropout: 0,
    target_modules: [...new Set(pairs.map(({ weight }) => moduleOf(weight).split(".").at(-1)))],
    bias: "none",
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
    modules_to_save: null,
    inference_mode: true,
  };
}

function peftTensors({ weight, a, b }: AdapterPair, model: ModelInfo): NamedTensor[] {
  const prefix = `base_model.model.model.layers.${layerOf(weight)}.${moduleOf(weight)}`;
  const heads = headsOf(weight, model);
  const values = heads === null ? b.values : restoreRows(b.values, b.columns, heads, model.headSize);
  return [
    { name: `${prefix}.lora_A.weight`, shape: [a.rows, a.columns], values: a.values },
    { name: `${prefix}.lora_B.weight`, shape: [b.rows, b.columns], values },
  ];
}

/** Heads whose rows GGUF keeps in another order; null where the order is the same. */
function headsOf(weight: string, model: ModelInfo): number | null {
  if (weight.endsWith("attn_q.weight")) return model.heads;
  return weight.endsWith("attn_k.weight") ? model.kvHeads : null;
}

/**
 * Brings the rows of a query or key projection back into Hugging Face's order. RoPE turns pairs of rows: GGUF has a
 * pair side by side, Hugging Face half a head apart.
 */
function restoreRows(values: Float32Array, columns: number, heads: number, headSize: number): Float32Array {
  const restored = new Float32Array(values.length);
  for (let row = 0; row < heads * headSize; row++) {
    const within = row % headSize;
    const target = row - within + (within % 2) * (headSize / 2) + Math.floor(within / 2);
    restored.set(values.subarray(row * columns, (row + 1) * columns), target * columns);
  }
  return restored;
}

function layerOf(weight: string): string {
  return weight.split(".")[1] ?? "";
}

function moduleOf(weight: string): string {
  return MODULES[weight.split(".")[2] as Projection];
}
