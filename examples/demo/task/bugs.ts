import type { Draw } from "./draw.ts";
import { type FunctionLines, NUMBERS, OPERATORS, OPPOSITES } from "./functions.ts";

/** What is wrong with a function. */
export type BugKind = "operator" | "number" | "offByOne" | "comparison" | "variable" | "swap" | "noReturn";

/** One line of a function, broken. */
export interface Bug {
  readonly kind: BugKind;
  /** Index into the function's lines. */
  readonly line: number;
  /** The broken line. */
  readonly text: string;
  /** The token as it should be; empty where the bug is not about a token. */
  readonly good: string;
  /** The token as it is; empty where the bug is not about a token. */
  readonly bad: string;
}

/** A replacement of one stretch of a line: where, and the tokens there should be and are. */
interface Slip {
  readonly at: number;
  readonly good: string;
  readonly bad: string;
}

type Slips = (line: string, draw: Draw, scope: readonly string[]) => Slip[];

const SLIPS: Record<Exclude<BugKind, "swap" | "noReturn">, Slips> = {
  operator: (line, draw) =>
    matches(line, /(?<= )(\+|-|\*|\/\/)(?= )/g, (good) =>
      draw.pick([...OPERATORS.keys()].filter((operator) => operator !== good)),
    ),
  number: (line, draw) =>
    matches(line, /\b\d+\b/g, (good) =>
      String(draw.pick(NUMBERS.filter((number) => Math.abs(number - Number(good)) > 1))),
    ),
  offByOne: (line, draw) =>
    matches(line, /\b\d+\b/g, (good) => String(good === "0" ? 1 : Number(good) + draw.pick([-1, 1]))),
  comparison: (line) => matches(line, /[<>=!]=|[<>]/g, (good) => OPPOSITES.get(good)),
  variable: (line, draw, scope) => {
    if (line.includes("for ")) return [];
    const values = scope.filter((name) => name !== "xs" && name !== "v");
    return matches(line, /\b[a-z]+\b(?! = )/g, (good) => {
      const others = values.filter((name) => name !== good);
      return scope.includes(good) && good !== "xs" && others.length > 0 ? draw.pick(others) : undefined;
    });
  },
};

/** All ways to break one line of a function; where a way has variants, one is drawn. */
export function possibleBugs(lines: FunctionLines, draw: Draw): Bug[] {
  const scope = namesInScope(lines);
  return lines.flatMap((text, line) => (line === 0 ? [] : bugsOfLine(text, line, draw, scope)));
}

function bugsOfLine(text: string, line: number, draw: Draw, scope: readonly string[]): Bug[] {
  const bugs: Bug[] = Object.entries(SLIPS).flatMap(([kind, slips]) =>
    slips(text, draw, scope).map(({ at, good, bad }) => ({
      kind: kind as BugKind,
      line,
      text: text.slice(0, at) + bad + text.slice(at + good.length),
      good,
      bad,
    })),
  );
  const swapped = text.replace(/\((\w[^,()]*), (\w[^,()]*)\)/, "($2, $1)");
  if (swapped !== text) bugs.push({ kind: "swap", line, text: swapped, good: "", bad: "" });
  if (/^ {4}return /.test(text)) {
    bugs.push({ kind: "noReturn", line, text: text.replace("return ", ""), good: "", bad: "" });
  }
  return bugs;
}

/** The slips at all matches of a pattern; none where no wrong token is offered. */
function matches(line: string, pattern: RegExp, wrong: (good: string) => string | undefined): Slip[] {
  return [...line.matchAll(pattern)].flatMap((match) => {
    const bad = wrong(match[0]);
    return bad === undefined ? [] : [{ at: match.index, good: match[0], bad }];
  });
}

/** Parameters, and what the body assigns. */
function namesInScope([head = "", ...body]: FunctionLines): string[] {
  const parameters = head.slice(head.indexOf("(")).match(/\w+/g) ?? [];
  const assigned = body.flatMap((line) => line.match(/(?<=^ +)[ts](?= =)/g) ?? []);
  const loop = body.some((line) => line.includes(" v in")) ? ["v"] : [];
  return [...parameters, ...new Set(assigned), ...loop];
}
