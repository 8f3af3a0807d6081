/**
 * Grafana's boards, written once here and generated from it: a query that a board asks is a line of TypeScript.
 *
 * @module
 */
import type { Board } from "./board.ts";
import { FLEET_BOARD } from "./fleet-board.ts";
import { LEDGER_BOARD } from "./ledger-board.ts";
import { RUN_BOARD } from "./run-board.ts";

export { grafanaDashboard } from "./grafana.ts";

/** By the name of its file. */
export const BOARDS: Readonly<Record<string, Board>> = {
  run: RUN_BOARD,
  fleet: FLEET_BOARD,
  ledger: LEDGER_BOARD,
};
