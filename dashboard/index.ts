/**
 * What the page and whoever serves it say to each other. The page asks by GET and gets one of these as JSON; every
 * text in them that a model or a dataset wrote is data to be shown, never markup.
 *
 * @module
 */

export type { DataPage, InstanceRow } from "./answers/data.ts";
export type { FleetView, SlotSample, Stay } from "./answers/fleet.ts";
export type { LaneView, LedgerView, ReasonCount } from "./answers/ledger.ts";
export type { Piece, RolloutView, SpanView } from "./answers/rollout.ts";
export type { Facets, RolloutPage, RolloutRow } from "./answers/rollouts.ts";
export type { Curves, RunView, StepPoint, WaitingView } from "./answers/run.ts";
export type { StatusView, WorkerView } from "./answers/status.ts";
export { alignLines, type DiffLine, readDiff } from "./diff-lines.ts";
