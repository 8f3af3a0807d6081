/**
 * Tiny models with the tokenizers and chat templates that real ones have.
 *
 * @module
 */
import { type MetadataValue, openGguf, writeFreshModel, writeGguf } from "../../llama/index.ts";
import { tinyTokenizer, writeTinyModel } from "./tiny-model.ts";

/** The special tokens of {@link writeLlama3Model}, from id 0 on. `<tool>` is one of the user's, not special. */
export const LLAMA3_TOKENS = [
  "<|end|>",
  "<|begin_of_text|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<|eot_id|>",
] as const;

/** The shape of Llama 3's chat template. */
export const LLAMA3_TEMPLATE = `{{- bos_token }}{%- for message in messages %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}`;

/** Writes a byte-level BPE model with Llama 3's special tokens and template; byte b is token 5 + b. */
export async function writeLlama3Model(
  path: string,
  template: string | null = LLAMA3_TEMPLATE,
): Promise<void> {
  const tokenizer = JSON.parse(tinyTokenizer(272));
  const texts = textsById(tokenizer.model.vocab).slice(1);
  tokenizer.model.vocab = Object.fromEntries([...LLAMA3_TOKENS, ...texts].map((text, id) => [text, id]));
  tokenizer.added_tokens = LLAMA3_TOKENS.map((content, id) => ({
    id,
    content,
    special: content !== "<|eot_id|>",
  }));
  await writeFreshModel(`${path}.fresh`, SHAPE, JSON.stringify(tokenizer), 0);
  await withMetadata(path, `${path}.fresh`, [
    ["tokenizer.ggml.bos_token_id", { kind: "uint32", value: 1 }],
    ["tokenizer.ggml.add_bos_token", { kind: "bool", value: true }],
    ...(template === null ? [] : [textPair("tokenizer.chat_template", template)]),
  ]);
}

/** Writes a SentencePiece model as Llama 2 has it: `<unk>`, `<s>`, `</s>`, 256 bytes, a few pieces. */
export async function writeLlama2Model(path: string, template: string): Promise<void> {
  const pieces = ["▁", "h", "i", "▁h", "▁hi", "a", "b", "s", "/", "<", ">", "[", "]"];
  const bytes = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, "0")}>`);
  const tokens = ["<unk>", "<s>", "</s>", ...bytes, ...pieces];
  const types = tokens.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)); // llama_token_type
  await writeTinyModel(`${path}.fresh`, { vocabulary: tokens.length });
  await withMetadata(path, `${path}.fresh`, [
    textPair("tokenizer.ggml.model", "llama"),
    textPair("tokenizer.ggml.pre", "default"),
    ["tokenizer.ggml.tokens", { kind: "array", of: "string", value: tokens }],
    ["tokenizer.ggml.token_type", { kind: "array", of: "int32", value: types }],
    ["tokenizer.ggml.scores", { kind: "array", of: "float32", value: tokens.map((text) => text.length) }],
    ["tokenizer.ggml.bos_token_id", { kind: "uint32", value: 1 }],
    ["tokenizer.ggml.eos_token_id", { kind: "uint32", value: 2 }],
    ["tokenizer.ggml.add_bos_token", { kind: "bool", value: true }],
    textPair("tokenizer.chat_template", template),
  ]);
}

/** Copies a model, some metadata put in the place of those with the same key. */
export async function withMetadata(
  path: string,
  base: string,
  pairs: readonly (readonly [string, MetadataValue])[],
): Promise<void> {
  await using file = await openGguf(base);
  const rowsOf = (shape: readonly number[]) => shape.slice(1).reduce((rows, length) => rows * length, 1);
  const tensors = [...file.tensors.values()].map((tensor) => ({
    ...tensor,
    chunks: async function* () {
      yield await file.readRows(tensor, 0, rowsOf(tensor.shape));
    },
  }));
  await writeGguf(path, new Map([...file.metadata, ...pairs]), tensors);
}

/** A vocabulary's texts in the order of their ids: keys of an object that read as numbers come first. */
function textsById(vocab: Readonly<Record<string, number>>): string[] {
  return Object.entries(vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([text]) => text);
}

function textPair(key: string, value: string): readonly [string, MetadataValue] {
  return [key, { kind: "string", value }];
}

const SHAPE = {
  name: "tiny",
  layers: 1,
  embedding: 32,
  heads: 2,
  kvHeads: 1,
  feedForward: 32,
  contextTokens: 512,
  ropeBase: 10_000,
  normEpsilon: 1e-5,
  isTied: true,
};
