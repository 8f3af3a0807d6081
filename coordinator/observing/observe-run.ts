import { systemClock } from "../../core/index.ts";
import type { Metrics } from "../../telemetry/index.ts";
import type { WorkerPresence } from "../../transport/index.ts";
import { lastStep } from "../issuing/next-tasks.ts";
import { balancesOf, LANES } from "../ledger/balance.ts";
import type { LedgerEvent } from "../ledger/events.ts";
import type { StepRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";
import { RUN_PHASES } from "../ledger/transitions.ts";
import type { Core } from "../serving/core.ts";
import { beginCounting, measureEvent } from "./measure-events.ts";
import { observeSkipped } from "./observe-skipped.ts";
import { observeWorkers } from "./observe-workers.ts";
import { createOpposedWaits } from "./opposed-waits.ts";

/** Where a run's metrics learn what happens. */
export interface RunObserver {
  /** Something was decided; `state` is as it is after it. */
  decided(state: LedgerState, event: LedgerEvent): void;
  /** Begins to tell of a run that is served. @param workers - who is there, as last seen */
  serve(core: Core, workers: () => readonly WorkerPresence[]): void;
  /** Somebody has looked who is there. */
  see(workers: readonly WorkerPresence[]): void;
}

/** Has a run's metrics told; does nothing where nobody asks for them. */
export function observeRun(metrics: Metrics): RunObserver {
  if (!metrics.isOn) return { decided: () => {}, serve: () => {}, see: () => {} };
  const waits = createOpposedWaits(systemClock.wallMs());
  let served: Core | null = null;
  let see: RunObserver["see"] = () => {};

  const placesOf = ({ composed, step, phase }: LedgerState) => ({
    composed,
    step,
    isTraining: phase === "running" && (served?.trainer.sessions ?? 0) > 0,
  });

  return {
    decided: (state, event) => {
      measureEvent(metrics, state, event);
      waits.note(placesOf(state), event.at);
    },
    serve: (core, workers) => {
      served = core;
      beginCounting(metrics);
      observeBooks(metrics, core);
      observeSkipped(metrics, core.state);
      observeQueue(metrics, core.state);
      observeStep(metrics, core.state);
      const waited = () => {
        const nowMs = systemClock.wallMs();
        const { updaterWaited, rolloutsWaited } = waits.read(nowMs);
        waits.note(placesOf(core.state), nowMs);
        return { updaterWaited, rolloutsWaited };
      };
      metrics.observe("fleet.updater.waited.seconds", (tell) => tell(waited().updaterWaited, {}));
      metrics.observe("fleet.rollouts.waited.seconds", (tell) => tell(waited().rolloutsWaited, {}));
      metrics.observe("fleet.trainer.sessions", (tell) => tell(core.trainer.sessions, {}));
      metrics.observe("fleet.storage.waiting", (tell) => tell(core.trouble.now === null ? 0 : 1, {}));
      see = observeWorkers(metrics, core.state, workers);
    },
    see: (workers) => see(workers),
  };
}

function observeBooks(metrics: Metrics, core: Core): void {
  metrics.observe("fleet.ledger.samples", (tell) => {
    for (const { lane, ...books } of balancesOf(core.state, core)) {
      for (const [state, samples] of Object.entries(books)) tell(samples, { lane, state });
    }
  });
  metrics.observe("fleet.ledger.imbalance", (tell) => {
    for (const books of balancesOf(core.state, core)) {
      const { lane, issued, accepted, rejected, expired, outstanding } = books;
      const { trained, skipped, evaluated, waiting } = books;
      tell(issued - accepted - rejected - expired - outstanding, { lane, equation: "issued" });
      tell(accepted - trained - skipped - evaluated - waiting, { lane, equation: "accepted" });
    }
  });
}

function observeQueue(metrics: Metrics, state: LedgerState): void {
  metrics.observe("fleet.tasks.queued", (tell) => {
    for (const lane of LANES) tell(queued(state, lane).length, { lane });
  });
  metrics.observe("fleet.tasks.queued.age.seconds", (tell) => {
    const nowMs = systemClock.wallMs();
    for (const lane of LANES) {
      const oldest = Math.min(nowMs, ...queued(state, lane).map(({ since }) => since));
      tell((nowMs - oldest) / 1_000, { lane });
    }
  });
  metrics.observe("fleet.leases.live", (tell) => tell(state.leases.size, {}));
  metrics.observe("fleet.run.phase", (tell) => {
    for (const phase of RUN_PHASES) tell(phase === state.phase ? 1 : 0, { phase });
  });
  metrics.observe("fleet.run.step", (tell) => tell(state.step, {}));
  metrics.observe("fleet.run.steps.planned", (tell) => tell(lastStep(state), {}));
  metrics.observe("fleet.run.batches.composed", (tell) => tell(state.composed, {}));
}

function queued({ tasks }: LedgerState, lane: string) {
  return [...tasks.values()].filter((task) => task.lane === lane && task.lease === null && task.open > 0);
}

/** Figures of the newest step that was trained; none before there is one. */
function observeStep(metrics: Metrics, { steps }: LedgerState): void {
  type Trained = StepRecord & { readonly metrics: NonNullable<StepRecord["metrics"]> };
  const newest = () => [...steps.values()].findLast((step): step is Trained => step.metrics !== null) ?? null;
  const observe = (name: StepGauge, value: (step: Trained) => number) =>
    metrics.observe(name, (tell) => {
      const step = newest();
      if (step !== null) tell(value(step), {});
    });
  observe("fleet.step.reward", ({ sums }) => sums.reward / Math.max(1, sums.rollouts));
  observe("fleet.step.format_rate", ({ sums }) => sums.wellFormed / Math.max(1, sums.rollouts));
  observe("fleet.step.loss", (step) => step.metrics.loss);
  observe("fleet.step.kl", (step) => step.metrics.kl);
  observe("fleet.step.entropy", (step) => step.metrics.entropy);
  observe("fleet.step.clipped_share", (step) => step.metrics.clippedShare);
  observe("fleet.step.gradient_norm", (step) => step.metrics.gradientNorm);
  observe("fleet.step.learning_rate", (step) => step.metrics.learningRate);
  metrics.observe("fleet.step.ratio", (tell) => {
    const step = newest();
    if (step === null) return;
    tell(step.metrics.ratioMean, { statistic: "mean" });
    tell(step.metrics.ratioMax, { statistic: "max" });
  });
  metrics.observe("fleet.step.gap", (tell) => {
    for (const { variant, meanAbs, maxAbs } of newest()?.metrics.gaps ?? []) {
      tell(meanAbs, { variant, statistic: "mean" });
      tell(maxAbs, { variant, statistic: "max" });
    }
  });
  metrics.observe("fleet.step.cut_share", (tell) => {
    for (const { variant, cutShare } of newest()?.metrics.gaps ?? []) tell(cutShare, { variant });
  });
  metrics.observe("fleet.step.variant.ratio", (tell) => {
    for (const { variant, ratioMean } of newest()?.metrics.gaps ?? []) tell(ratioMean ?? 1, { variant });
  });
  metrics.observe("fleet.step.variant.clipped_share", (tell) => {
    for (const { variant, clippedShare } of newest()?.metrics.gaps ?? [])
      tell(clippedShare ?? 0, { variant });
  });
}

type StepGauge =
  | "fleet.step.reward"
  | "fleet.step.format_rate"
  | "fleet.step.loss"
  | "fleet.step.kl"
  | "fleet.step.entropy"
  | "fleet.step.clipped_share"
  | "fleet.step.gradient_norm"
  | "fleet.step.learning_rate";
