import type { Bug, BugKind } from "./bugs.ts";
import type { Draw } from "./draw.ts";
import { OPERATORS } from "./functions.ts";

interface Symptom {
  /** Name of the function. */
  readonly name: string;
  readonly good: string;
  readonly bad: string;
}

const verb = (operator: string) => OPERATORS.get(operator) ?? operator;

const WORDINGS: Record<BugKind, readonly ((of: Symptom) => string)[]> = {
  operator: [
    ({ name, good }) => `\`${name}\` returns wrong values: it should ${verb(good)}.`,
    ({ name, good, bad }) => `\`${name}\` must ${verb(good)}, but it does ${verb(bad)}.`,
    ({ name, good, bad }) =>
      `Results of \`${name}\` are wrong, it has to ${verb(good)} instead of ${verb(bad)}.`,
  ],
  number: [
    ({ name, good, bad }) => `\`${name}\` should use ${good}, not ${bad}.`,
    ({ name, good }) => `\`${name}\` gives wrong results: the number must be ${good}.`,
    ({ name, good }) => `Wrong number in \`${name}\`: expected ${good}.`,
  ],
  offByOne: [
    ({ name, good }) => `\`${name}\` is off by one: it should use ${good}.`,
    ({ name, good, bad }) => `Off by one in \`${name}\`: ${bad} must be ${good}.`,
  ],
  comparison: [
    ({ name }) => `The check in \`${name}\` is the wrong way round.`,
    ({ name }) => `\`${name}\` takes the wrong branch.`,
    ({ name, good, bad }) => `\`${name}\` compares with ${bad} but it needs ${good}.`,
  ],
  variable: [
    ({ name, good, bad }) => `\`${name}\` should use ${good}, not ${bad}.`,
    ({ name, good, bad }) => `\`${name}\` uses ${bad} where ${good} is meant.`,
    ({ name, good }) => `Wrong variable in \`${name}\`: expected ${good}.`,
  ],
  swap: [
    ({ name }) => `\`${name}\` has its arguments in the wrong order.`,
    ({ name }) => `The arguments are swapped in \`${name}\`.`,
  ],
  noReturn: [
    ({ name }) => `\`${name}\` returns None.`,
    ({ name }) => `\`${name}\` gives no result, expected a value.`,
    ({ name }) => `Calling \`${name}\` results in None.`,
  ],
};

/** Every kind of bug. */
export const BUG_KINDS = Object.keys(WORDINGS) as readonly BugKind[];

/** An issue about a bug in the function `name`, as a user would report it. */
export function drawIssue(draw: Draw, name: string, { kind, good, bad }: Bug): string {
  return draw.pick(WORDINGS[kind])({ name, good, bad });
}
