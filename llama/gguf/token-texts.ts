/**
 * What each token of a vocabulary adds to a text, from a GGUF's metadata alone: for showing tokens where no engine is.
 *
 * @see llama-vocab.cpp (`llama_vocab::impl::token_to_piece`) of llama.cpp v0.5.0
 * @module
 */
import { numberOf, textOf, textsOf } from "./metadata.ts";
import type { GgufHeader } from "./parse.ts";

/** A token: the bytes that it adds to a text, or the name of one that adds nothing. */
type TokenText = { readonly bytes: Uint8Array } | { readonly special: string };

/** llama_token_type */
const CONTROL = 3;
const BYTE = 6;
const SPACE = "\u2581";

/** The tokens of a file's vocabulary by id; null where it has none, or one of another kind. */
export function readTokenTexts({ metadata }: Pick<GgufHeader, "metadata">): TokenText[] | null {
  const tokens = textsOf(metadata, "tokenizer.ggml.tokens");
  const model = textOf(metadata, "tokenizer.ggml.model");
  const types = metadata.get("tokenizer.ggml.token_type");
  if (tokens === undefined || (model !== "gpt2" && model !== "llama")) return null;
  const ends = ["eos", "eot", "eom", "bos"].map((name) =>
    numberOf(metadata, `tokenizer.ggml.${name}_token_id`),
  );
  const bytesOf = model === "gpt2" ? byteCharacters() : pieceBytes;
  return tokens.map((text, id) => {
    const type = types?.kind === "array" ? types.value[id] : undefined;
    if (type === CONTROL || ends.includes(id)) return { special: text };
    return { bytes: bytesOf(text, type === BYTE) };
  });
}

type BytesOf = (text: string, isByte: boolean) => Uint8Array;

/** SentencePiece writes a space as U+2581, and a single byte as `<0x0A>`. */
function pieceBytes(text: string, isByte: boolean): Uint8Array {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(text);
  if (isByte && byte !== null) return Uint8Array.of(Number.parseInt(byte[1] ?? "0", 16));
  return Buffer.from(text.replaceAll(SPACE, " "), "utf8");
}

/**
 * GPT-2's byte-level vocabularies write each byte as a character: a printable one as itself, the others from U+0100 on.
 */
function byteCharacters(): BytesOf {
  const byteOf = new Map<string, number>();
  let others = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    byteOf.set(String.fromCodePoint(isPrintable ? byte : others++), byte);
  }
  return (text) =>
    Uint8Array.from(
      [...text].flatMap((character) => byteOf.get(character) ?? [...Buffer.from(character, "utf8")]),
    );
}
