import { createHash } from "node:crypto";
import { CALLS, type FunctionLines } from "./functions.ts";

/** Training problems, or those that only measure. */
export type Split = "train" | "held-out";

const KEYWORDS = new Set(["def", "f", "return", "if", "for", "in", "len", ...CALLS]);

/**
 * The split that a function belongs to. It depends on the body with all names normalized, so two functions
 * that differ in names alone are always in the same split. A quarter of all bodies is held out.
 */
export function splitOf(lines: FunctionLines): Split {
  const [head = "", ...body] = lines;
  const numbers = new Map<string, number>();
  const normalize = (word: string) => {
    if (KEYWORDS.has(word)) return word;
    if (!numbers.has(word)) numbers.set(word, numbers.size);
    return `v${numbers.get(word)}`;
  };
  const text = [head.replace(/^def \w+/, "def f"), ...body].join("\n").replace(/[a-z]+/g, normalize);
  const firstByte = createHash("sha256").update(text).digest()[0] ?? 0;
  return firstByte < 64 ? "held-out" : "train";
}
