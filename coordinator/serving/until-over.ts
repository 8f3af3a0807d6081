import { once } from "node:events";
import { dispositionOf } from "../../core/index.ts";
import { hopelessness, isOver } from "../issuing/run-end.ts";
import type { Outcome } from "./conclude-run.ts";
import type { Core } from "./core.ts";

/** Waits until the run is over, cannot go on, or is to be stopped. */
export async function untilOver({ state, prompts, changes }: Core, stop: AbortSignal): Promise<Outcome> {
  while (!stop.aborted) {
    const reason = hopelessness(state, prompts);
    if (reason !== null) return { failed: true, reason };
    if (isOver(state, prompts)) return { failed: false, reason: "every step is trained" };
    await changes.next(stop).catch((error: unknown) => {
      if (dispositionOf(error) !== "cancelled") throw error;
    });
  }
  return "stopped";
}

/** Waits until `signal` aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
