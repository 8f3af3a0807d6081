import { createDraws } from "./text-pairs.ts";

const cut = (text: string, length: number): string => text.slice(0, length);

function fibonacciWord(length: number, first: string, second: string): string {
  let [before, word] = [second, first];
  while (word.length < length) [before, word] = [word, word + before];
  return cut(word, length);
}

/** Every word of `order` bits once: a sequence without long repetitions. Greedy, ones first. */
function deBruijn(length: number): string {
  const order = Math.ceil(Math.log2(length));
  const seen = new Uint8Array(2 ** order);
  let text = "0".repeat(order);
  for (let word = 0; text.length < length; ) {
    const shifted = (2 * word) % 2 ** order;
    word = seen[shifted + 1] ? shifted : shifted + 1;
    seen[word] = 1;
    text += word % 2;
  }
  return text;
}

/** A character of its own for each number. */
const mark = (number: number): string => String.fromCodePoint(0x4e00 + number);

/** Runs that both texts have, between characters that one has: a match for each run, and none that touch. */
function runs(sizes: readonly number[], separator: string): string {
  return sizes.map((size, run) => mark(run % 20_000).repeat(size) + separator).join("");
}

/** So many sizes, down to 1, as fill a text. */
function falling(length: number): number[] {
  const most = Math.floor(Math.sqrt(2 * length)) - 2;
  return Array.from({ length: most }, (_, i) => most - i);
}

function random(length: number, name: string): string {
  return createDraws(name)
    .letters([..."01"], length)
    .join("");
}

/** Pairs of texts of about `length` characters that make a comparison slow, each in its own way. */
export function worstTexts(length: number): Record<string, readonly [string, string]> {
  const half = Math.floor(length / 2);
  const single = Array.from({ length: half }, () => 1);
  return {
    "one letter": ["a".repeat(length), "a".repeat(length - 7)],
    "a period of two": ["ab".repeat(half), "ba".repeat(half)],
    "a period and its mirror": ["abcde".repeat(length / 5), "edcba".repeat(length / 5)],
    "Fibonacci words": [fibonacciWord(length, "a", "ab"), fibonacciWord(length, "b", "ba")],
    "a de Bruijn sequence and its mirror": [deBruijn(length), [...deBruijn(length)].reverse().join("")],
    "random bits": [random(length, "one"), random(length, "other")],
    "single characters": [runs(single, "#"), runs(single, "$")],
    "ever shorter runs": [runs(falling(length), "#"), runs(falling(length), "$")],
    "ever longer runs": [runs(falling(length).reverse(), "#"), runs(falling(length).reverse(), "$")],
    "alternating lines": ["x\ny\n".repeat(length / 4), "y\nx\n".repeat(length / 4)],
    "alternating lines, some moved": [
      "x = 1\ny = 2\n".repeat(length / 12),
      "y = 2\nx = 1\nx = 1\n".repeat(length / 18),
    ],
  };
}
