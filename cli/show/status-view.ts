import type { StatusAnswer } from "../../proto/index.ts";
import { ledgerTable } from "./ledger-table.ts";
import { poolsTable } from "./pools-table.ts";
import { progressLine } from "./progress-line.ts";
import { table } from "./table.ts";
import { setAsideTable, waitsTable } from "./waits-table.ts";

/** What a running run does at this moment: progress, workers, pools, what waits, what was set aside, the books. */
export function statusView(status: StatusAnswer): string {
  const workers = status.workers.map((worker) => [
    worker.draining ? `${worker.name} (draining)` : worker.name,
    worker.pool,
    worker.device,
    worker.variant,
    `${worker.busySlots}/${worker.slots}`,
    worker.policyVersion,
    Math.round(worker.tokensPerSecond),
  ]);
  return [
    `${status.run}: ${status.state}${status.reason === "" ? "" : ` (${status.reason})`}\n${progressLine(status)}`,
    table(["worker", "pool", "device", "variant", "slots", "policy", "tok/s"], workers),
    poolsTable(status.pools),
    waitsTable(status.waits),
    setAsideTable(status.setAside),
    ledgerTable(status.balances),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
