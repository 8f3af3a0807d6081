import { createDraw, type Draw } from "./draw.ts";
import { FUNCTION_NAMES } from "./functions.ts";
import { BUG_KINDS, drawIssue } from "./issues.ts";
import { type BrokenFunction, breakFunction, drawFunctionOf, drawPath, fileOf } from "./problem.ts";
import { fileBlock } from "./prompt.ts";
import { diagnosis, editOf } from "./reply.ts";

/** A dense text to learn from: a file in which every function is broken, then each one's repair. */
export interface Lesson {
  readonly prompt: string;
  /** Issue, diagnosis and edit of each function, in random order. */
  readonly completion: string;
}

/** Makes lesson number `number`, of training functions only. */
export function makeLesson(number: number): Lesson {
  const draw = createDraw(`lesson-${number}`);
  const path = drawPath(draw);
  const names = draw.pickMany(FUNCTION_NAMES, draw.pick([2, 3, 4]));
  const functions = names.map((name) => drawBrokenFunction(draw, name));
  const repairs = functions.map(({ name, correct, bug }) => {
    const edit = editOf(path, { search: bug.text, replace: correct[bug.line] as string });
    return `${drawIssue(draw, name, bug)}\n${diagnosis({ name, bug })}\n${edit}`;
  });
  return {
    prompt: fileBlock(path, fileOf(functions.map(({ broken }) => broken))),
    completion: draw.pickMany(repairs, repairs.length).join(""),
  };
}

function drawBrokenFunction(draw: Draw, name: string): BrokenFunction {
  for (;;) {
    const correct = drawFunctionOf("train", draw, name);
    const target = breakFunction(draw, "train", draw.pick(BUG_KINDS), name, correct);
    if (target) return target;
  }
}
