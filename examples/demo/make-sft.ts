/**
 * Writes what the demo's model is fine-tuned on, one file of `{prompt, completion}` lines for each phase:
 *
 *   node examples/demo/make-sft.ts [--out FOLDER] [--share SHARE]
 *
 * `--share 0.01` writes a hundredth of each phase, for a quick look.
 *
 * @module
 */
import { createWriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { CURRICULUM, type Phase, pairsOf } from "./curriculum.ts";
import { createEncoder } from "./tokenizer/encode.ts";
import { parseTokenizer } from "./tokenizer/tokenizer.ts";

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

/** Lines of a phase until they hold `tokens` tokens. */
function* linesOf(phase: Phase, tokens: number): Generator<string> {
  let written = 0;
  for (const pair of pairsOf(phase)) {
    if (written >= tokens) return;
    written += encode(pair.prompt).length + encode(pair.completion).length + 1;
    yield `${JSON.stringify(pair)}\n`;
  }
}
