import type { LaneBalance } from "../../proto/index.ts";
import { table } from "./table.ts";

const COLUMNS = [
  "issued",
  "accepted",
  "rejected",
  "expired",
  "outstanding",
  "trained",
  "skipped",
  "evaluated",
  "waiting",
  "duplicates",
] as const;

/** The books of every lane: samples by what became of them. */
export function ledgerTable(balances: readonly LaneBalance[]): string {
  return table(
    ["lane", ...COLUMNS, "balance"],
    balances.map((lane) => [lane.lane, ...COLUMNS.map((column) => lane[column]), verdict(lane)]),
  );
}

/** Whether the books of a lane balance: issued and accepted samples are each accounted for. */
export function balances(lane: LaneBalance): boolean {
  return (
    lane.issued === lane.accepted + lane.rejected + lane.expired + lane.outstanding &&
    lane.accepted === lane.trained + lane.skipped + lane.evaluated + lane.waiting
  );
}

function verdict(lane: LaneBalance): string {
  return balances(lane) ? "balances" : "DOES NOT BALANCE";
}
