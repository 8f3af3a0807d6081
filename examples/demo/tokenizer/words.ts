/** GPT-2's pre-tokenizer, which llama.cpp calls `gpt-2`. No token crosses the border of such a word. */
const WORD = /'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** Splits a text into words; joined, they are the text. */
export function splitWords(text: string): string[] {
  return text.match(WORD) ?? [];
}
