import { writeFileDurably } from "../../core/index.ts";
import { balancesOf } from "../ledger/balance.ts";
import type { Core } from "../serving/core.ts";
import { summarize } from "./summary.ts";

/** Keeps `summary.json` in step with the ledger. */
export interface SummaryWriter {
  /** Writes it when a step or an evaluation is over since the last time. */
  writeDue(): Promise<void>;
  write(): Promise<void>;
}

/** @param path - of summary.json; replaced as a whole each time */
export function createSummaryWriter(path: string, core: Core): SummaryWriter {
  const { state } = core;
  const progress = () => `${state.step} ${[...state.evals.values()].filter((round) => round.done).length}`;
  let written = "";

  async function write(): Promise<void> {
    await core.settled();
    written = progress();
    const summary = summarize(state, balancesOf(state, core));
    await writeFileDurably(path, `${JSON.stringify(summary, null, 2)}\n`);
  }

  return {
    write,
    writeDue: async () => {
      if (progress() !== written) await write();
    },
  };
}
