/** Ends every completion. Its id is 0. */
export const END_TOKEN = "<|end|>";

/** A byte-level BPE tokenizer. Tokens are written in GPT-2's byte alphabet. */
export interface Tokenizer {
  /** Index = token id. */
  readonly tokens: readonly string[];
  /** What is joined, the first learnt first. */
  readonly merges: readonly (readonly [string, string])[];
}

/** The text of a Hugging Face `tokenizer.json`. */
export function formatTokenizer({ tokens, merges }: Tokenizer): string {
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const file = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: 0,
        content: END_TOKEN,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: bytes,
    post_processor: null,
    decoder: bytes,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map(([left, right]) => `${left} ${right}`),
    },
  };
  return `${JSON.stringify(file, null, 1)}\n`;
}

/** Reads what {@link formatTokenizer} wrote. */
export function parseTokenizer(text: string): Tokenizer {
  const { model } = JSON.parse(text) as { model: { vocab: Record<string, number>; merges: string[] } };
  const tokens = Object.entries(model.vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([token]) => token);
  return { tokens, merges: model.merges.map((merge) => merge.split(" ") as [string, string]) };
}
