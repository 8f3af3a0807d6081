import { possibleBugs } from "./bugs.ts";
import type { Draw } from "./draw.ts";
import type { Problem } from "./problem.ts";
import { splitOf } from "./split.ts";

/** A thought, and the edit that follows from it. */
interface Answer {
  readonly thought: string;
  readonly search: string;
  readonly replace: string;
}

/** How often the author of a reply is not at his best. */
export interface Habits {
  /** Probability that the edit is a guess. */
  readonly careless: number;
  /** Probability that the reply has a format error. */
  readonly damaged: number;
}

/** Draws a reply to a problem by an author with the given habits. */
export function drawReply(draw: Draw, problem: Problem, { careless, damaged }: Habits): string {
  const answer = draw.chance(careless) ? drawCarelessAnswer(draw, problem) : carefulAnswer(problem);
  const reply = replyOf(problem.path, answer);
  return draw.chance(damaged) ? draw.pick(DAMAGES)(reply) : reply;
}

/** What a careful author thinks about the broken function. */
export function diagnosis({ name, bug }: Pick<Problem, "name" | "bug">): string {
  if (bug.kind === "swap") return `\`${name}\` must swap the arguments.`;
  if (bug.kind === "noReturn") return `\`${name}\` must return the value.`;
  return `\`${name}\` must use ${bug.good} instead of ${bug.bad}.`;
}

/** One edit in the paper's form, without the fence. */
export function editOf(path: string, { search, replace }: Pick<Answer, "search" | "replace">): string {
  return `### ${path}\n<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE\n`;
}

function replyOf(path: string, answer: Answer): string {
  const edit = editOf(path, answer);
  return `<think>\n${answer.thought}\n</think>\n<solution>\n\`\`\`python\n${edit}\`\`\`\n</solution>`;
}

function carefulAnswer(problem: Problem): Answer {
  return { thought: diagnosis(problem), search: problem.bug.text, replace: problem.repairedLine };
}

/** A guess: some line of some function is changed somehow. The guess stays among the training functions. */
function drawCarelessAnswer(draw: Draw, { functions }: Problem): Answer {
  for (;;) {
    const lines = draw.pick(functions);
    const guesses = possibleBugs(lines, draw).filter(
      ({ line, text }) => splitOf(lines.with(line, text)) === "train",
    );
    if (guesses.length === 0) continue;
    const { line, text } = draw.pick(guesses);
    const name = lines[0]?.match(/(?<=^def )\w+/)?.[0];
    const thought = draw.pick([`Maybe a line in \`${name}\` is wrong.`, `Maybe \`${name}\` needs a change.`]);
    return { thought, search: lines[line] as string, replace: text };
  }
}

/** The ways to get the format wrong. Each makes the reward −1. */
const DAMAGES: readonly ((reply: string) => string)[] = [
  (reply) => reply.replace("</think>\n", ""),
  (reply) => reply.replace("<solution>\n", ""),
  (reply) => reply.replace("\n=======", ""),
  (reply) => reply.replace("\n>>>>>>> REPLACE", ""),
  (reply) => reply.replace("</think>\n", "</think>\n</think>\n"),
  (reply) => reply.replace("```python\n", ""),
  (reply) => reply.replace(/<solution>[\s\S]*/, "<solution>\nI do not know.\n</solution>"),
  (reply) => reply.replace(/(?<=SEARCH\n) +/, ""),
];
