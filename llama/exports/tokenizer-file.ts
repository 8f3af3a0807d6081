/**
 * Hugging Face's tokenizer.json as GGUF metadata.
 *
 * @module
 */
import { z } from "zod";
import type { MetadataValue } from "../gguf/index.ts";
import { TokenizerFileError } from "./errors.ts";

/** Checked as wholes: each of millions of entries may be wrong. */
const TokenizerFile = z.object({
  added_tokens: z.custom<readonly AddedToken[]>(areAddedTokens, "not a list of {id, content, special}"),
  normalizer: z.null().optional(),
  pre_tokenizer: z.object({
    type: z.literal("ByteLevel"),
    add_prefix_space: z.literal(false),
    use_regex: z.literal(true),
  }),
  model: z.object({
    type: z.literal("BPE"),
    vocab: z.custom<Readonly<Record<string, number>>>(isVocabulary, "does not give each token an id"),
    merges: z.custom<readonly Merge[]>(areMerges, "not a list of pairs of tokens"),
  }),
});

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

type Merge = string | readonly [string, string];

const TOKEN_TYPE = { normal: 1, control: 3, userDefined: 4 } as const; // llama_token_type

/**
 * The metadata of a byte-level BPE tokenizer that splits text as GPT-2 does. The special token with the lowest id ends
 * a text; nothing is put before one.
 *
 * @param json - the text of a tokenizer.json
 * @param name - stands for the file in errors
 * @throws {TokenizerFileError} in one sentence
 */
export function tokenizerMetadata(json: string, name: string): Map<string, MetadataValue> {
  const { added_tokens: added, model } = parseTokenizer(json, name);
  const ids = new Map([
    ...Object.entries(model.vocab),
    ...added.map(({ content, id }): [string, number] => [content, id]),
  ]);
  const tokens = [...ids].sort(([, a], [, b]) => a - b).map(([text]) => text);
  const gap = tokens.findIndex((text, id) => ids.get(text) !== id);
  if (gap >= 0) throw new TokenizerFileError(`${name} has no token with id ${gap}`);
  const typeOf = new Map(
    added.map(({ id, special }) => [id, special ? TOKEN_TYPE.control : TOKEN_TYPE.userDefined]),
  );
  const special = added.filter((token) => token.special).map(({ id }) => id);
  if (special.length === 0) throw new TokenizerFileError(`${name} has no special token to end a text with`);
  return new Map<string, MetadataValue>([
    ["tokenizer.ggml.model", { kind: "string", value: "gpt2" }],
    ["tokenizer.ggml.pre", { kind: "string", value: "gpt-2" }],
    ["tokenizer.ggml.tokens", { kind: "array", of: "string", value: tokens }],
    [
      "tokenizer.ggml.token_type",
      { kind: "array", of: "int32", value: tokens.map((_, id) => typeOf.get(id) ?? TOKEN_TYPE.normal) },
    ],
    [
      "tokenizer.ggml.merges",
      {
        kind: "array",
        of: "string",
        value: model.merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" "))),
      },
    ],
    [
      "tokenizer.ggml.eos_token_id",
      { kind: "uint32", value: special.reduce((least, id) => Math.min(least, id)) },
    ],
    ["tokenizer.ggml.add_bos_token", { kind: "bool", value: false }],
  ]);
}

function parseTokenizer(json: string, name: string): z.output<typeof TokenizerFile> {
  const parsed = TokenizerFile.safeParse(parseJson(json));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TokenizerFileError(
    `${name} is not a byte-level BPE tokenizer with GPT-2's splitting: ${issue?.path.join(".") || "the file"}: ${issue?.message}`,
  );
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function areAddedTokens(value: unknown): boolean {
  const isToken = (token: unknown) =>
    isObject(token) && isId(token["id"]) && isText(token["content"]) && typeof token["special"] === "boolean";
  return Array.isArray(value) && value.every(isToken);
}

function isVocabulary(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isId);
}

function areMerges(value: unknown): boolean {
  const isMerge = (merge: unknown) =>
    isText(merge) || (Array.isArray(merge) && merge.length === 2 && merge.every(isText));
  return Array.isArray(value) && value.every(isMerge);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Within what a token's id can be in llama.cpp. */
function isId(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
