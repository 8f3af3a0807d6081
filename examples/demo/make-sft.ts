/**
 * Writes what the demo's model is fine-tuned on, one file of `{prompt, completion}` lines for each phase, and
 * `held-out.jsonl`, which measures:
 *
 *   node examples/demo/make-sft.ts [--out FOLDER] [--share SHARE]
 *
 * `--share 0.01` writes a hundredth of each phase, for a quick look.
 *
 * @module
 */
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { CURRICULUM, heldOutPair, type Phase, pairsOf, type TrainingPair } from "./curriculum.ts";
import { createEncoder } from "./tokenizer/encode.ts";
import { parseTokenizer } from "./tokenizer/tokenizer.ts";

const HELD_OUT_PAIRS = 200;

const { values } = parseArgs({ options: { out: { type: "string" }, share: { type: "string" } } });
const out = values.out ?? join(import.meta.dirname, "data", "sft");
const share = Number(values.share ?? 1);
const encode = createEncoder(
  parseTokenizer(await readFile(join(import.meta.dirname, "tokenizer.json"), "utf8")),
);

await mkdir(out, { recursive: true });
for (const phase of CURRICULUM) {
  await pipeline(
    Readable.from(linesOf(phase, phase.tokens * share)),
    createWriteStream(join(out, `${phase.name}.jsonl`)),
  );
}

const heldOut = Array.from({ length: HELD_OUT_PAIRS }, (_, number) => lineOf(heldOutPair(number)));
await writeFile(join(out, "held-out.jsonl"), heldOut.join(""));

/** Lines of a phase until they hold `tokens` tokens. */
function* linesOf(phase: Phase, tokens: number): Generator<string> {
  let written = 0;
  for (const pair of pairsOf(phase)) {
    if (written >= tokens) return;
    written += encode(pair.prompt).length + encode(pair.completion).length + 1;
    yield lineOf(pair);
  }
}

function lineOf(pair: TrainingPair): string {
  return `${JSON.stringify(pair)}\n`;
}
