/**
 * Tiny models with the tokenizers and chat templates that real ones have.
 *
 * @module
 */
import { type MetadataValue, openGguf, writeFreshModel, writeGguf } from "../../llama/index.ts";
import { writeShapedModel } from "./shaped-model.ts";
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
  await writeTinyModel(`${path}.fresh`, { vocabulary: PIECES.length });
  await withMetadata(path, `${path}.fresh`, [...piecePairs(), textPair("tokenizer.chat_template", template)]);
}

/**
 * Writes a model as Mistral's are: architecture llama, Llama 2's kind of tokenizer, four heads of queries for one of keys and
 * values, heads of another size than embedding / heads, a long RoPE base.
 *
 * @param window - the tokens that its metadata have a query see; null states none
 */
export async function writeMistralModel(
  path: string,
  template: string,
  window: number | null = null,
): Promise<void> {
  await writeShapedModel(`${path}.fresh`, { ...MISTRAL_SHAPE, vocabulary: PIECES.length });
  await withMetadata(path, `${path}.fresh`, [
    ...piecePairs(),
    textPair("general.name", "mistral"),
    textPair("tokenizer.chat_template", template),
    ["tokenizer.ggml.unknown_token_id", { kind: "uint32", value: 0 }],
    ["tokenizer.ggml.add_eos_token", { kind: "bool", value: false }],
    ...(window === null
      ? []
      : [["llama.attention.sliding_window", { kind: "uint32", value: window }] as const]),
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

/** The tokenizer of {@link PIECES}. */
function piecePairs(): (readonly [string, MetadataValue])[] {
  const types = PIECES.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)); // llama_token_type
  return [
    textPair("tokenizer.ggml.model", "llama"),
    textPair("tokenizer.ggml.pre", "default"),
    ["tokenizer.ggml.tokens", { kind: "array", of: "string", value: PIECES }],
    ["tokenizer.ggml.token_type", { kind: "array", of: "int32", value: types }],
    ["tokenizer.ggml.scores", { kind: "array", of: "float32", value: PIECES.map((text) => text.length) }],
    ["tokenizer.ggml.bos_token_id", { kind: "uint32", value: 1 }],
    ["tokenizer.ggml.eos_token_id", { kind: "uint32", value: 2 }],
    ["tokenizer.ggml.add_bos_token", { kind: "bool", value: true }],
  ];
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

const MISTRAL_SHAPE = {
  layers: 2,
  embedding: 64,
  heads: 8,
  kvHeads: 2,
  headSize: 16,
  feedForward: 96,
  ropeBase: 1_000_000,
  isTied: false,
  ropeFactors: null,
};

/** By id. */
const PIECES = [
  ...["<unk>", "<s>", "</s>"],
  ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  ...["▁", "h", "i", "▁h", "▁hi", "a", "b", "s", "/", "<", ">", "[", "]"],
];
