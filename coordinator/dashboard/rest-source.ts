import type { Summary } from "../summary/summary.ts";
import type { RunSource } from "./run-source.ts";
import { sayWhoWaits } from "./who-waits.ts";

/** What is known of a run's configuration, for one that is not running. */
export type RestSettings = ReturnType<RunSource["about"]>["settings"];

/** A run that is not running, as its summary has it; everything of it is archived. */
export function createRestSource(summary: Summary, settings: RestSettings): RunSource {
  const { run, steps } = summary;
  return {
    run,
    status: () => ({
      isLive: false,
      run,
      state: summary.state,
      reason: summary.reason,
      step: summary.versions.at(-1)?.version ?? 0,
      steps: summary.versions.at(-1)?.version ?? 0,
      seconds: steps.reduce((sum, step) => sum + step.seconds.step, 0),
      tokensPerSecond: 0,
      waitingFor: "",
      newest: 0,
      workers: [],
      waits: [],
    }),
    curves: () => ({ run, steps, heldOut: summary.heldOut.rounds }),
    about: () => ({
      waiting: sayWhoWaits(steps),
      settings,
    }),
    fleet: () => ({ now: Date.now(), since: Date.now(), stays: [], slots: {} }),
    books: () => ({
      lanes: summary.ledger,
      setAside: Object.entries(summary.unusable).map(([instance, reason]) => ({ instance, reason })),
    }),
    fresh: {
      take: async () => ({ rollouts: [], ends: [], archivedThrough: Number.MAX_SAFE_INTEGER }),
      notYet: () => 0,
    },
  };
}
