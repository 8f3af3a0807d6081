import type { Summary } from "../summary/summary.ts";
import type { RunSource } from "./run-source.ts";
import { sayWhoWaits } from "./who-waits.ts";

/** What is known of a run's configuration, for one that is not running. */
export type RestSettings = ReturnType<RunSource["about"]>["settings"];

const ALL_ARCHIVED = {
  keptAfter: Number.MAX_SAFE_INTEGER,
  archivedThrough: Number.MAX_SAFE_INTEGER,
  archivedOutcomes: Number.MAX_SAFE_INTEGER,
};

/**
 * A run that is not running, as its summary has it; everything of it is archived.
 *
 * @param settings - `planned` are the steps that it was to make
 */
export function createRestSource(
  summary: Summary,
  { planned, ...settings }: RestSettings & { readonly planned: number },
): RunSource {
  const { run, steps } = summary;
  const isOver = summary.state === "ended" || summary.state === "failed";
  return {
    run,
    status: () => ({
      isLive: false,
      run,
      state: isOver ? summary.state : "not running",
      reason: summary.reason,
      step: summary.versions.at(-1)?.version ?? 0,
      steps: planned,
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
      taken: () => {},
      take: async () => ({ rollouts: [], ends: [], ...ALL_ARCHIVED }),
      notYet: () => 0,
    },
  };
}
