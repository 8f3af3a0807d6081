/**
 * Makes the demo's tokenizer again:
 *
 *   node examples/demo/make-tokenizer.ts [--out FILE]
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createDraw } from "./task/draw.ts";
import { makeProblem } from "./task/problem.ts";
import { promptOf } from "./task/prompt.ts";
import { drawReply } from "./task/reply.ts";
import { formatTokenizer } from "./tokenizer/tokenizer.ts";
import { trainTokenizer } from "./tokenizer/train.ts";

/** Far from the numbers that train the model or measure it. */
const FIRST_PROBLEM = 1_000_000;
const PROBLEMS = 3_000;

const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = values.out ?? `${import.meta.dirname}/tokenizer.json`;

const tokenizer = trainTokenizer(corpus(), { vocabulary: 700, minFrequency: 20 });
await writeFile(out, formatTokenizer(tokenizer));

function* corpus(): Generator<string> {
  const draw = createDraw("tokenizer");
  for (let number = FIRST_PROBLEM; number < FIRST_PROBLEM + PROBLEMS; number++) {
    const problem = makeProblem("train", number);
    yield promptOf(problem.issue, problem.path, problem.content);
    yield drawReply(draw, problem, { careless: 0.5, damaged: 0.1 });
  }
}
