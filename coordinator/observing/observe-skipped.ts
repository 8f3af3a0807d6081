import type { Metrics } from "../../telemetry/index.ts";
import { LANES } from "../ledger/balance.ts";
import type { BatchSkipReason, SkipReason } from "../ledger/events.ts";
import type { LedgerState } from "../ledger/state.ts";

const REASONS: readonly (SkipReason | BatchSkipReason)[] = [
  "no-signal",
  "stale",
  "short",
  "run-over",
  "step-skipped",
  "rewound",
];

/** Tells how many samples were skipped as the fold counts them: by themselves, or with the batch that they were in. */
export function observeSkipped(metrics: Pick<Metrics, "observe">, { lanes }: LedgerState): void {
  metrics.observe("fleet.samples.skipped", (tell) => {
    for (const reason of REASONS) {
      const samples = LANES.reduce((sum, lane) => sum + (lanes[lane].skipped.get(reason) ?? 0), 0);
      tell(samples, { reason });
    }
  });
}
