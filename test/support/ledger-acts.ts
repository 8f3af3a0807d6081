import type { LedgerState } from "../../coordinator/index.ts";
import type { TaskRecord } from "../../coordinator/ledger/records.ts";

/** What may happen to a run. */
export const ACTS = [
  "lease",
  "accept",
  "accept",
  "complete a flat group",
  "go on without one group",
  "go on without one group",
  "leave a prefix",
  "kill three workers",
  "deliver twice",
  "partial",
  "fail",
  "silence",
  "release",
  "train",
  "train",
  "skip step",
  "go back",
  "pause",
  "stop early",
  "resume",
  "archive",
  "restart",
  "new trainer",
] as const;

export type Act = (typeof ACTS)[number];

/** One of a list; which one is as good as random. */
export function choose<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % Math.max(1, from.length)];
}

/** Every sample whose end is not known. */
export function openSamples(state: LedgerState): { readonly task: TaskRecord; readonly sample: number }[] {
  return [...state.tasks.values()].flatMap((task) =>
    [...task.samples.entries()].flatMap(([sample, { state: at }]) =>
      at === "open" ? [{ task, sample }] : [],
    ),
  );
}
