import type { Reference } from "../proto/index.ts";
import type { ReadTask } from "./read-task.ts";
import type { ScoreOrder } from "./reward-protocol.ts";

/** How the completions of a task are scored, ready for each reply. Throws SyntaxError on options that are not JSON. */
export function prepareScoring(task: ReadTask, reference: Reference): (reply: string) => ScoreOrder {
  const settings = { name: task.reward.name, ...JSON.parse(task.reward.optionsJson || "{}") };
  const oracle = Object.fromEntries(reference.oracle.map(({ path, content }) => [path, content ?? null]));
  return (reply) => ({ settings, input: { files: reference.files, oracle, reply } });
}
