import { toByteCharacters } from "./byte-characters.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { splitWords } from "./words.ts";

/** Returns the function that turns a text into token ids. Special tokens are never read out of a text. */
export function createEncoder({ tokens, merges }: Tokenizer): (text: string) => number[] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const ranks = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  const known = new Map<string, number[]>();

  const encodeWord = (word: string): number[] => {
    const cached = known.get(word);
    if (cached) return cached;
    const encoded = mergeAll(toByteCharacters(word), ranks).map((token) => ids.get(token) as number);
    known.set(word, encoded);
    return encoded;
  };
  return (text) => splitWords(text).flatMap(encodeWord);
}

/** Joins neighbours, the pair learnt first before all others, until no neighbours are a known pair. */
function mergeAll(characters: readonly string[], ranks: ReadonlyMap<string, number>): string[] {
  const parts = [...characters];
  for (;;) {
    let at = -1;
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Number.POSITIVE_INFINITY;
      if (rank < best) {
        best = rank;
        at = i;
      }
    }
    if (at < 0) return parts;
    parts.splice(at, 2, `${parts[at]}${parts[at + 1]}`);
  }
}
