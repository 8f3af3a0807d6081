/**
 * Byte-pair encoding, learnt from a text: the most frequent pair of neighbouring tokens within a word becomes
 * a token, until the vocabulary is full or no pair is frequent enough (Sennrich et al., arXiv:1508.07909).
 *
 * @module
 */
import { BYTE_ALPHABET, toByteCharacters } from "./byte-characters.ts";
import { END_TOKEN, type Tokenizer } from "./tokenizer.ts";
import { splitWords } from "./words.ts";

/** Bounds of a vocabulary. */
export interface TokenizerLimits {
  /** Tokens at most, the 256 bytes and the end token included. */
  readonly vocabulary: number;
  /** Times that a pair must occur to become a token. */
  readonly minFrequency: number;
}

/** A different word of the corpus, as token ids, and how often it occurs. */
interface CountedWord {
  tokens: number[];
  readonly count: number;
}

/** A pair of neighbouring token ids. */
interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
}

/** Learns a tokenizer. Of equally frequent pairs, the one with the smaller ids goes first. */
export function trainTokenizer(texts: Iterable<string>, limits: TokenizerLimits): Tokenizer {
  const tokens = [END_TOKEN, ...BYTE_ALPHABET];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges: [string, string][] = [];
  const words = countWords(texts, ids);
  while (tokens.length < limits.vocabulary) {
    const pair = mostFrequentPair(words);
    if (!pair || pair.count < limits.minFrequency) break;
    const left = tokens[pair.left] as string;
    const right = tokens[pair.right] as string;
    const merged = left + right;
    if (!ids.has(merged)) ids.set(merged, tokens.push(merged) - 1);
    merges.push([left, right]);
    const id = ids.get(merged) as number;
    for (const word of words) word.tokens = mergePair(word.tokens, pair, id);
  }
  return { tokens, merges };
}

function countWords(texts: Iterable<string>, ids: ReadonlyMap<string, number>): CountedWord[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({
    tokens: toByteCharacters(word).map((character) => ids.get(character) as number),
    count,
  }));
}

function mostFrequentPair(words: readonly CountedWord[]): Pair | null {
  const pairs = new Map<string, Pair>();
  for (const { tokens, count } of words) {
    for (let i = 1; i < tokens.length; i++) {
      const left = tokens[i - 1] as number;
      const right = tokens[i] as number;
      const pair = pairs.get(`${left} ${right}`);
      if (pair) pair.count += count;
      else pairs.set(`${left} ${right}`, { left, right, count });
    }
  }
  return [...pairs.values()].reduce<Pair | null>((best, pair) => (precedes(pair, best) ? pair : best), null);
}

function precedes(pair: Pair, other: Pair | null): boolean {
  if (!other) return true;
  return (other.count - pair.count || pair.left - other.left || pair.right - other.right) < 0;
}

function mergePair(tokens: readonly number[], { left, right }: Pair, merged: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const found = tokens[i] === left && tokens[i + 1] === right;
    out.push(found ? merged : (tokens[i] as number));
    if (found) i++;
  }
  return out;
}
