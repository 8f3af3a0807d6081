import { type Bug, possibleBugs } from "./bugs.ts";
import { createDraw, type Draw } from "./draw.ts";
import { drawFunction, FUNCTION_NAMES, type FunctionLines } from "./functions.ts";
import { BUG_KINDS, drawIssue } from "./issues.ts";
import { type Split, splitOf } from "./split.ts";

const MODULES = ["calc", "shop", "geo", "stats", "game", "bank", "util", "math"];
const MOST_LINES = 14;

/** A file of two to four short functions, one of them broken, and what a user says about it. */
export interface Problem {
  readonly issue: string;
  readonly path: string;
  /** The functions of the file as it is, broken one included. */
  readonly functions: readonly FunctionLines[];
  /** Name of the broken function. */
  readonly name: string;
  readonly bug: Bug;
  /** The broken line as it should be. */
  readonly repairedLine: string;
  /** The file as it is. */
  readonly content: string;
  /** The file as it should be. */
  readonly oracle: string;
}

/** A broken function, with what is needed to repair and to describe it. */
export interface BrokenFunction {
  readonly name: string;
  readonly correct: FunctionLines;
  readonly broken: FunctionLines;
  readonly bug: Bug;
}

/**
 * Makes problem number `number` of a split. Every function that a problem shows, the correct ones, the
 * repaired one and its broken form, belongs to the problem's split, so the two splits share none.
 */
export function makeProblem(split: Split, number: number): Problem {
  const draw = createDraw(`${split}-${number}`);
  const kind = draw.pick(BUG_KINDS);
  for (;;) {
    const names = draw.pickMany(FUNCTION_NAMES, draw.pick([2, 2, 3, 3, 4]));
    const problem = tryProblem(draw, split, kind, names);
    if (problem) return problem;
  }
}

function tryProblem(draw: Draw, split: Split, kind: Bug["kind"], names: readonly string[]): Problem | null {
  const correct = names.map((name) => drawFunctionOf(split, draw, name));
  const position = draw.below(names.length);
  const name = names[position] as string;
  const target = breakFunction(draw, split, kind, name, correct[position] as FunctionLines);
  if (!target) return null;

  const { bug } = target;
  const functions = correct.with(position, target.broken);
  const content = fileOf(functions);
  if (occurrences(`\n${content}`, `\n${bug.text}`) !== 1 || content.split("\n").length > MOST_LINES + 1) {
    return null;
  }
  const issue = drawIssue(draw, name, bug);
  const repairedLine = target.correct[bug.line] as string;
  return {
    issue,
    path: drawPath(draw),
    functions,
    name,
    bug,
    repairedLine,
    content,
    oracle: fileOf(correct),
  };
}

/** Draws a correct function that belongs to a split. */
export function drawFunctionOf(split: Split, draw: Draw, name: string): FunctionLines {
  for (;;) {
    const lines = drawFunction(draw, name);
    if (splitOf(lines) === split) return lines;
  }
}

/** Breaks a function in one of the ways of a kind; null when there is none, or when it leaves the split. */
export function breakFunction(
  draw: Draw,
  split: Split,
  kind: Bug["kind"],
  name: string,
  correct: FunctionLines,
): BrokenFunction | null {
  const bugs = possibleBugs(correct, draw).filter((bug) => bug.kind === kind);
  if (bugs.length === 0) return null;
  const bug = draw.pick(bugs);
  const broken = correct.with(bug.line, bug.text);
  return splitOf(broken) === split ? { name, correct, broken, bug } : null;
}

/** Draws the path of a file. */
export function drawPath(draw: Draw): string {
  return `${draw.pick(MODULES)}.py`;
}

/** The text of a file of functions. */
export function fileOf(functions: readonly FunctionLines[]): string {
  return `${functions.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}
