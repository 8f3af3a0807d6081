import type { WorkerView } from "../../dashboard/index.ts";
import type { RolloutStore, WorkerPresence } from "../../transport/index.ts";
import { lastStep } from "../issuing/next-tasks.ts";
import { balancesOf } from "../ledger/balance.ts";
import type { Core } from "../serving/core.ts";
import { compareRounds } from "../summary/held-out.ts";
import { statusOf } from "../summary/status.ts";
import { reportSteps } from "../summary/summary.ts";
import { waitsOf } from "../summary/waits.ts";
import type { FleetHistory } from "./fleet-history.ts";
import { createFreshFeed } from "./fresh-feed.ts";
import type { RunSource } from "./run-source.ts";
import { sayWhoWaits } from "./who-waits.ts";

/** What a live run is shown from. */
export interface LiveParts {
  readonly core: Core;
  readonly store: RolloutStore;
  readonly history: FleetHistory;
  workers(): readonly WorkerPresence[];
  issueOf(instance: string): string;
}

/** A run that is running, as its coordinator knows it. */
export function createLiveSource({ core, store, history, workers, issueOf }: LiveParts): RunSource {
  const { state } = core;
  return {
    run: state.run,
    status: () => {
      const status = statusOf(core, workers(), null);
      return {
        isLive: true,
        run: state.run,
        state: status.state ?? "",
        reason: state.endReason,
        step: state.step,
        steps: lastStep(state),
        seconds: (state.at - state.startedAt) / 1_000,
        tokensPerSecond: workers().reduce((sum, worker) => sum + worker.tokensPerSecond, 0),
        waitingFor: status.waitingFor ?? "",
        newest: state.lastSequence,
        workers: workers().map(workerOf),
        waits: waitsOf(core, workers()).map(({ what = "", on = "", seconds, deadlineSeconds }) => ({
          what,
          on,
          seconds,
          deadlineSeconds: Number(deadlineSeconds),
        })),
      };
    },
    curves: () => ({
      run: state.run,
      steps: reportSteps(state),
      heldOut: compareRounds(state.evals.values()).rounds,
    }),
    about: () => {
      const { seed, prompts, group, staleness, temperature } = state.settings;
      return {
        waiting: sayWhoWaits(reportSteps(state)),
        settings: { seed, prompts, group, staleness, temperature },
      };
    },
    fleet: () => history.view(Date.now()),
    books: () => ({
      lanes: balancesOf(state, core),
      setAside: [...state.unusable].map(([instance, reason]) => ({ instance, reason })),
    }),
    fresh: createFreshFeed({ state, store, issueOf }),
  };
}

function workerOf(worker: WorkerPresence): WorkerView {
  const { name, pool, device, quantization, variant, slots, busySlots, policyVersion, tokensPerSecond } =
    worker;
  return { name, pool, device, quantization, variant, slots, busySlots, policyVersion, tokensPerSecond };
}
