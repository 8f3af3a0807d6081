import type { LaneBalance } from "../../proto/index.ts";
import { table } from "./table.ts";

/** The books as two equations: what was issued, and what was accepted. */
const LINES = [
  ["issued", "issued"],
  ["= accepted", "accepted"],
  ["+ rejected", "rejected"],
  ["+ expired", "expired"],
  ["+ outstanding", "outstanding"],
  ["accepted", "accepted"],
  ["= trained", "trained"],
  ["+ skipped", "skipped"],
  ["+ evaluated", "evaluated"],
  ["+ waiting", "waiting"],
  ["duplicates", "duplicates"],
] as const;

/** The books of every lane: samples by what became of them, and whether they balance. */
export function ledgerTable(lanes: readonly LaneBalance[]): string {
  const books = table(
    ["samples", ...lanes.map(({ lane }) => lane)],
    LINES.map(([line, column]) => [line, ...lanes.map((lane) => lane[column])]),
  );
  return `${books}\n${verdict(lanes)}`;
}

/** Whether the books of a lane balance: issued and accepted samples are each accounted for. */
export function balances(lane: LaneBalance): boolean {
  return (
    lane.issued === lane.accepted + lane.rejected + lane.expired + lane.outstanding &&
    lane.accepted === lane.trained + lane.skipped + lane.evaluated + lane.waiting
  );
}

function verdict(lanes: readonly LaneBalance[]): string {
  const wrong = lanes.filter((lane) => !balances(lane)).map(({ lane }) => lane);
  return wrong.length === 0 ? "the books balance" : `THE BOOKS DO NOT BALANCE: ${wrong.join(", ")}`;
}
