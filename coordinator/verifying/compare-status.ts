import { isDeepStrictEqual } from "node:util";
import type { StatusAnswer } from "../../proto/index.ts";
import { balancesOf } from "../ledger/balance.ts";
import type { LedgerState } from "../ledger/state.ts";

/** States of a running run that a status tells apart, and the ledger does not. */
const RUNNING = new Set(["running", "evaluating", "stopping"]);

/**
 * Compares what a coordinator answers with the fold. Duplicates are not compared: they change no state, and only the
 * process that saw them counts them.
 *
 * @returns a sentence for each thing in which they differ
 */
export function compareStatus(
  state: LedgerState,
  { state: said, step, balances }: Pick<StatusAnswer, "state" | "step" | "balances">,
): string[] {
  const sentences: string[] = [];
  const phase = RUNNING.has(said) ? "running" : said === "starting" ? "new" : said;
  if (phase !== state.phase) {
    sentences.push(`the coordinator says that the run is ${said}, the ledger that it is ${state.phase}`);
  }
  if (step !== state.step) {
    sentences.push(`the coordinator is at step ${step}, the ledger at step ${state.step}`);
  }
  const ours = balancesOf(state, { duplicates: { train: 0, eval: 0 } });
  for (const { duplicates: _, ...books } of ours) {
    const found = balances.find(({ lane }) => lane === books.lane);
    const theirs = { ...found, duplicates: undefined };
    const differing = Object.entries(books).find(
      ([column, value]) => !isDeepStrictEqual(value, theirs[column as keyof typeof books]),
    );
    if (differing === undefined) continue;
    const [column, value] = differing;
    sentences.push(
      `the coordinator counts ${theirs[column as keyof typeof books]} ${column} in lane ${books.lane}, the ledger ${value}`,
    );
  }
  return sentences;
}
