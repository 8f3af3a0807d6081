/**
 * What a GGUF's metadata say about the tokenizer, as llama.cpp reads it.
 *
 * @see llama-vocab.cpp (`llama_vocab::impl::load`) of llama.cpp v0.5.0
 * @module
 */
import { flagOf, type Metadata, numberOf, textOf, textsOf } from "./metadata.ts";

/** The tokenizer's special tokens and the chat template. */
export interface Vocabulary {
  /** The number of tokens. */
  readonly vocabulary: number;
  /** Ids that end a generation, ascending. */
  readonly endTokens: readonly number[];
  /** Whether a prompt begins with the beginning-of-sequence token. */
  readonly addBos: boolean;
  /** The beginning-of-sequence token's text, for the chat template; empty without one. */
  readonly bosText: string;
  /** The end-of-sequence token's text, for the chat template; empty without one. */
  readonly eosText: string;
  /** Texts of the tokens that ordinary text must never turn into. */
  readonly specialTexts: readonly string[];
  /** The chat template in Jinja; null without one. */
  readonly template: string | null;
}

const END_TEXTS = [
  "<|eot_id|>",
  "<|im_end|>",
  "<|end|>",
  "<|return|>",
  "<|call|>",
  "<|flush|>",
  "<|calls|>",
  "<end_of_turn>",
  "<|endoftext|>",
  "</s>",
  "<|eom_id|>",
  "<EOT>",
  "_<EOT>",
  "[EOT]",
  "[EOS]",
  "<|end_of_text|>",
  "<end_of_utterance>",
  "<eos>",
  "<turn|>",
  "<|tool_response>",
  "<｜end▁of▁sentence｜>",
  "[e~[",
];

/** Tokens of fill-in-the-middle that end a generation too: the key of the id, and the texts it is found by. */
const FILL_TEXTS: readonly (readonly [string, readonly string[]])[] = [
  ["fim_pad", ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"]],
  ["fim_rep", ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"]],
  ["fim_sep", ["<|file_sep|>"]],
];

/** Pre-tokenizers that begin a prompt with the beginning-of-sequence token unless the file says otherwise. */
const BOS_PRE = [
  "llama3",
  "llama-v3",
  "llama-bpe",
  "falcon3",
  "falcon-h1",
  "pixtral",
  "midm-2.0",
  "lfm2",
  "jina-v5-nano",
  "tekken",
  "chameleon",
];

const SPECIAL_TYPES: readonly unknown[] = [2, 3]; // llama_token_type: unknown, control

/** Ids of a tokenizer whose file does not state them. */
const DEFAULT_IDS: { readonly [model: string]: { readonly bos: number; readonly eos: number } } = {
  llama: { bos: 1, eos: 2 },
  gpt2: { bos: 11, eos: 11 },
};

/** Reads the tokenizer's metadata; undefined when there is none. */
export function readVocabulary(metadata: Metadata): Vocabulary | undefined {
  const tokens = textsOf(metadata, "tokenizer.ggml.tokens");
  const model = textOf(metadata, "tokenizer.ggml.model");
  if (tokens === undefined || model === undefined) return undefined;
  const defaults = model === "llama" ? DEFAULT_IDS["llama"] : undefined;
  const idOf = (name: string) => numberOf(metadata, `tokenizer.ggml.${name}_token_id`);
  const textOfId = (id: number | undefined) => (id === undefined ? "" : (tokens[id] ?? ""));
  const ends = endTokens(tokens, idOf, model);
  return {
    vocabulary: tokens.length,
    endTokens: ends,
    addBos: flagOf(metadata, "tokenizer.ggml.add_bos_token") ?? addsBos(metadata, model),
    bosText: textOfId(idOf("bos") ?? defaults?.bos),
    eosText: textOfId(idOf("eos") ?? defaults?.eos),
    specialTexts: specialTexts(metadata, tokens, ends),
    template: textOf(metadata, "tokenizer.chat_template") ?? null,
  };
}

/** llama.cpp takes what ends a generation for a control token, whatever the file calls it. */
function specialTexts(metadata: Metadata, tokens: readonly string[], ends: readonly number[]): string[] {
  const types = metadata.get("tokenizer.ggml.token_type");
  const typeOf = (id: number) => (types?.kind === "array" ? types.value[id] : undefined);
  return tokens.filter((_, id) => SPECIAL_TYPES.includes(typeOf(id)) || ends.includes(id));
}

function addsBos(metadata: Metadata, model: string): boolean {
  return model === "llama" || BOS_PRE.includes(textOf(metadata, "tokenizer.ggml.pre") ?? "");
}

function endTokens(
  tokens: readonly string[],
  idOf: (name: string) => number | undefined,
  model: string,
): number[] {
  const ids = new Map(tokens.map((text, id) => [text, id]));
  const byText = (texts: readonly string[]) => texts.flatMap((text) => ids.get(text) ?? []);
  const fill = FILL_TEXTS.flatMap(([name, texts]) => idOf(name) ?? byText(texts).slice(0, 1));
  const stated = [idOf("eos") ?? DEFAULT_IDS[model]?.eos, idOf("eot"), idOf("eom")].flatMap((id) => id ?? []);
  const found = new Set([...byText(END_TEXTS), ...fill, ...stated].filter((id) => Object.hasOwn(tokens, id)));
  const excepted = byText(exceptions((text) => found.has(ids.get(text) ?? -1)));
  return [...found].filter((id) => !excepted.includes(id)).sort((a, b) => a - b);
}

/** Texts that end nothing in a vocabulary that has better ones. */
function exceptions(has: (text: string) => boolean): string[] {
  const isHarmony = (has("<|return|>") || has("<|flush|>")) && (has("<|call|>") || has("<|calls|>"));
  return [...(isHarmony ? ["<|end|>"] : []), ...(has("<|tool_response>") ? ["</s>"] : [])];
}
