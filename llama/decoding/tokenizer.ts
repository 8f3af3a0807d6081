import type { PromptPiece } from "../prompt/index.ts";
import type { LoadedModel } from "./load-model.ts";

/** A model's own tokenizer. */
export interface Tokenizer {
  /** Tokens that end a completion, ascending. */
  readonly endTokens: readonly number[];
  isEnd(token: number): boolean;
  /** A prompt as tokens, with the beginning-of-text token that the model asks for, and never two. */
  tokenize(pieces: readonly PromptPiece[]): Int32Array;
  /** The bytes that a token adds to a text; none for special tokens. */
  bytesOf(token: number): Uint8Array;
}

/** Creates the tokenizer of a loaded model. */
export function createTokenizer({ llama, vocabularyHandle, vocabulary }: LoadedModel): Tokenizer {
  const beginning = llama.vocabGetAddBos(vocabularyHandle) ? llama.vocabBos(vocabularyHandle) : null;
  const pieces: (Uint8Array | undefined)[] = new Array(vocabulary);
  const endTokens = Array.from({ length: vocabulary }, (_, token) => token).filter((token) =>
    llama.vocabIsEog(vocabularyHandle, token),
  );
  const ends = new Set(endTokens);

  const tokenizePiece = ({ text, special }: PromptPiece): Int32Array => {
    const bytes = Buffer.from(text, "utf8");
    const room = new Int32Array(bytes.byteLength + 8); // A token is at least a byte; some add a space.
    const count = llama.tokenize(
      vocabularyHandle,
      bytes,
      bytes.byteLength,
      room,
      room.length,
      false,
      special,
    );
    return room.subarray(0, count);
  };
  const readPiece = (token: number): Uint8Array => {
    const room = new Uint8Array(64);
    const length = llama.tokenToPiece(vocabularyHandle, token, room, room.byteLength, 0, false);
    if (length >= 0) return room.slice(0, length);
    const larger = new Uint8Array(-length);
    llama.tokenToPiece(vocabularyHandle, token, larger, larger.byteLength, 0, false);
    return larger;
  };

  return {
    endTokens,
    isEnd: (token) => ends.has(token),
    tokenize(promptPieces) {
      const tokens = promptPieces.flatMap((piece) => [...tokenizePiece(piece)]);
      if (beginning !== null && tokens[0] !== beginning) tokens.unshift(beginning);
      return Int32Array.from(tokens);
    },
    bytesOf(token) {
      pieces[token] ??= readPiece(token);
      return pieces[token];
    },
  };
}
