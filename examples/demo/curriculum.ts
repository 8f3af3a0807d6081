/**
 * What the demo's model is taught before any reward: first the skill, then bad habits that hide it.
 *
 * A model this small does not learn to copy a line from whole replies alone; dense lessons teach it that. The
 * last phases mix in a careless author until greedy answers rarely repair anything, as a large model has
 * seen more bad replies than good ones. The reward then makes the careful habit win.
 *
 * @module
 */
import { createDraw, type Draw } from "./task/draw.ts";
import { makeLesson } from "./task/lesson.ts";
import { makeProblem } from "./task/problem.ts";
import { promptOf } from "./task/prompt.ts";
import { drawReply, type Habits } from "./task/reply.ts";
import type { Split } from "./task/split.ts";

/** One text to learn: what is given, and what is to be written. */
export interface TrainingPair {
  readonly prompt: string;
  readonly completion: string;
}

/** A stretch of training with one mixture of texts. */
export interface Phase {
  readonly name: string;
  /** Length in tokens, prompts and end tokens included. */
  readonly tokens: number;
  /** Share of lessons; the rest are whole replies. */
  readonly lessons: number;
  /** Habits of those who write the replies. */
  readonly habits: Habits;
}

/** No two phases share a problem or a lesson. */
const NUMBERS_OF_A_PHASE = 100_000;

/** The phases in order. Their learning rates are in `sft.yaml`. */
export const CURRICULUM: readonly Phase[] = [
  { name: "lessons", tokens: 1_500_000, lessons: 1, habits: { careless: 0, damaged: 0 } },
  { name: "practice", tokens: 3_300_000, lessons: 0.4, habits: { careless: 0.15, damaged: 0.05 } },
  { name: "habits", tokens: 410_000, lessons: 0, habits: { careless: 0.55, damaged: 0.35 } },
  { name: "bad-habits", tokens: 210_000, lessons: 0, habits: { careless: 0.68, damaged: 0.33 } },
];

/** The texts of a phase, without end; all of training functions only. */
export function* pairsOf(phase: Phase): Generator<TrainingPair> {
  for (let number = CURRICULUM.indexOf(phase) * NUMBERS_OF_A_PHASE; ; number++) {
    const draw = createDraw(`${phase.name}-${number}`);
    yield draw.chance(phase.lessons)
      ? makeLesson(number)
      : drawReplyPair(draw, "train", number, phase.habits);
  }
}

/** Pair number `number` to measure with: a held-out problem and its right answer. */
export function heldOutPair(number: number): TrainingPair {
  return drawReplyPair(createDraw(`held-out-${number}`), "held-out", number, { careless: 0, damaged: 0 });
}

function drawReplyPair(draw: Draw, split: Split, number: number, habits: Habits): TrainingPair {
  const problem = makeProblem(split, number);
  const prompt = promptOf(problem.issue, problem.path, problem.content);
  return { prompt, completion: drawReply(draw, problem, habits) };
}
