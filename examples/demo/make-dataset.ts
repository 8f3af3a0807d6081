/**
 * Makes the demo's datasets, always the same ones:
 *
 *   node examples/demo/make-dataset.ts [--out FOLDER]
 *
 * `train.jsonl` has prompts enough for every step with its refills; `held-out.jsonl` measures.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeProblem } from "./task/problem.ts";
import type { Split } from "./task/split.ts";

/** Far from the numbers that fine-tuning uses, so that no prompt of a run was seen before. */
const FIRST_PROBLEM = 2_000_000;

const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = values.out ?? join(import.meta.dirname, "data");

await mkdir(out, { recursive: true });
await writeFile(join(out, "train.jsonl"), datasetOf("train", 1_500));
await writeFile(join(out, "held-out.jsonl"), datasetOf("held-out", 200));

function datasetOf(split: Split, count: number): string {
  return Array.from({ length: count }, (_, index) => `${JSON.stringify(instanceOf(split, index))}\n`).join(
    "",
  );
}

function instanceOf(split: Split, index: number) {
  const { issue, path, content, oracle, bug } = makeProblem(split, FIRST_PROBLEM + index);
  return {
    id: `${split}-${String(index + 1).padStart(4, "0")}`,
    issue,
    files: { [path]: content },
    oracle: { [path]: oracle },
    kind: bug.kind,
  };
}
