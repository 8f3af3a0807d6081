import { createRandom } from "../../core/index.ts";
import type { ScoreInput } from "../../rewards/index.ts";

/** A file, its true change, and a prediction that touches the same lines otherwise. */
export interface Patch {
  readonly before: string;
  readonly predicted: string;
  readonly oracle: string;
}

const PATH = "src/module.py";
const FILE_CHARACTERS = 6_000;

/** A patch that touches `lines` lines, of which about `kept` in 1 stay as they are; both changes depend on their names alone. */
export function patchOf(file: string, prediction: string, lines: number, kept: number): Patch {
  const before = codeLike(file, FILE_CHARACTERS).split("\n");
  const rewrite = (by: string) => {
    const next = createRandom(`${file}/${by}`);
    const from = Math.floor(before.length * 0.3);
    const replaced = before.slice(from, from + lines).map((line) => (next() < kept ? line : codeLine(next)));
    return [...before.slice(0, from), ...replaced, ...before.slice(from + lines)].join("\n");
  };
  return { before: before.join("\n"), predicted: rewrite(prediction), oracle: rewrite("oracle") };
}

/** What the reward is given: a reply that writes the whole file anew. */
export function scoreInput({ before, predicted, oracle }: Patch): ScoreInput {
  const edit = `### ${PATH}\n<<<<<<< SEARCH\n${before}\n=======\n${predicted}\n>>>>>>> REPLACE`;
  const reply = `<think>\nbecause\n</think>\n<solution>\n\`\`\`python\n${edit}\n\`\`\`\n</solution>`;
  return { files: { [PATH]: before }, oracle: { [PATH]: oracle }, reply };
}

const WORDS =
  "self value index items result config request path name count error handler return data node".split(" ");

/** Lines that look like Python, cut to so many characters. */
export function codeLike(seed: string, characters: number): string {
  const next = createRandom(seed);
  let text = "";
  while (text.length < characters) text += `${codeLine(next)}\n`;
  return text.slice(0, characters);
}

function codeLine(next: () => number): string {
  const word = () => WORDS[Math.floor(next() * WORDS.length)] ?? "";
  const indent = "    ".repeat(1 + Math.floor(next() * 3));
  return `${indent}${word()}_${word()} = ${word()}.${word()}(${word()}, ${Math.floor(next() * 100)})`;
}
