import type { WaitingView } from "../../dashboard/index.ts";
import type { StepReport } from "../summary/summary.ts";

/** What the updater did in a step, and how long its batch was there. */
type TimedStep = Pick<StepReport, "skipped"> & {
  readonly seconds: Pick<StepReport["seconds"], "wait" | "forward" | "backward" | "optimizer" | "inHand">;
};

/** Newest steps that the sentence is about. */
const RECENT_STEPS = 16;

/** Above this share of its time somebody waits for long. */
const LONG = 0.25;

/**
 * Says who waits for whom. Where the updater waits, rollouts are what is short; where complete batches wait, the updater
 * is; both happen in one run when batches come in bursts.
 *
 * @param steps - oldest first
 */
export function sayWhoWaits(steps: readonly TimedStep[]): WaitingView {
  const recent = steps.filter(({ skipped }) => skipped === null).slice(-RECENT_STEPS);
  const waited = sum(recent.map(({ seconds }) => seconds.wait));
  const busy = sum(recent.map(busyOf));
  const lay = sum(recent.map((step) => Math.max(0, step.seconds.inHand - busyOf(step))));
  const all = waited + busy;
  if (recent.length < 2 || all === 0) {
    return { sentence: "", steps: recent.length, updaterWaits: 0, batchWaits: 0 };
  }
  const updaterWaits = waited / all;
  const batchWaits = Math.min(1, lay / all);
  const over = `over the last ${recent.length} steps`;
  return {
    sentence: sentenceOf(updaterWaits, batchWaits, over),
    steps: recent.length,
    updaterWaits,
    batchWaits,
  };
}

function sentenceOf(updaterWaits: number, batchWaits: number, over: string): string {
  const waits = `The updater waits ${percent(updaterWaits)} of the time ${over}`;
  if (updaterWaits >= LONG && batchWaits >= LONG) {
    return `${waits}, and complete batches wait ${percent(batchWaits)} of it for the updater: they come in bursts, so a larger staleness bound would even them out.`;
  }
  if (updaterWaits >= LONG) return `${waits}: add workers, or lower the group size.`;
  if (batchWaits >= LONG) {
    return `Complete batches wait ${percent(batchWaits)} of the time ${over} for the updater: it is what the run waits for, and more workers would not help.`;
  }
  return `${waits}, and batches hardly wait for it: workers and updater are in step.`;
}

function busyOf({ seconds: { forward, backward, optimizer } }: TimedStep): number {
  return forward + backward + optimizer;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
