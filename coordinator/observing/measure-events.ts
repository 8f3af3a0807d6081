import type { Metrics } from "../../telemetry/index.ts";
import { LANES } from "../ledger/balance.ts";
import type { EventOf, ExpiryReason, LedgerEvent } from "../ledger/events.ts";
import type { LedgerState } from "../ledger/state.ts";

const EXPIRED: readonly ExpiryReason[] = ["stale", "run-over"];
const RELEASED = ["silence", "engine-died"];
const OUTCOMES = ["trained", "skipped", "rewound"];

/**
 * Tells 0 of whatever is known to be counted before it happens first: what Prometheus calls the increase of a counter leaves
 * out the value that it appears with.
 */
export function beginCounting(metrics: Metrics): void {
  for (const reason of EXPIRED) metrics.add("fleet.samples.expired", 0, { reason });
  for (const reason of RELEASED) metrics.add("fleet.leases.released", 0, { reason });
  for (const outcome of OUTCOMES) metrics.add("fleet.steps", 0, { outcome });
  for (const lane of LANES) {
    metrics.add("fleet.rollouts.accepted", 0, { lane });
    metrics.add("fleet.rollouts.well_formed", 0, { lane });
    metrics.add("fleet.rollouts.exact", 0, { lane });
    metrics.add("fleet.rollouts.cut_off", 0, { lane });
    metrics.add("fleet.rollouts.tokens", 0, { lane });
    metrics.add("fleet.leases.granted", 0, { lane, dispatch: "first" });
    metrics.add("fleet.leases.granted", 0, { lane, dispatch: "again" });
  }
  metrics.add("fleet.samples.trained", 0, {});
}

/** Counts and measures what was just decided. `state` is as it is after the event. */
export function measureEvent(metrics: Metrics, state: LedgerState, event: LedgerEvent): void {
  switch (event.type) {
    case "leased":
      measureLease(metrics, state, event);
      break;
    case "released":
      metrics.add("fleet.leases.released", 1, { reason: releaseReason(event) });
      break;
    case "failed":
      metrics.add("fleet.samples.failed", 1, { reason: event.reason });
      break;
    case "rejected":
    case "expired":
      metrics.add(`fleet.samples.${event.type}`, event.samples.length, { reason: event.reason });
      break;
    case "accepted":
      measureRollout(metrics, state, event);
      break;
    case "batched":
      measureStaleness(metrics, state, event);
      break;
    case "trained":
      measureStep(metrics, state, event);
      break;
    case "step_skipped":
      metrics.add("fleet.steps", 1, { outcome: "skipped" });
      break;
    case "rewound":
      metrics.add("fleet.steps", 1, { outcome: "rewound" });
      break;
    default:
  }
}

function measureLease(metrics: Metrics, state: LedgerState, { task: name }: EventOf<"leased">): void {
  const task = state.tasks.get(name);
  const dispatch = (task?.dispatch ?? 0) === 0 ? "first" : "again";
  metrics.add("fleet.leases.granted", 1, { lane: task?.lane ?? "train", dispatch });
}

/** A class of few values: what follows a colon is for a person. */
function releaseReason({ death, reason }: EventOf<"released">): string {
  if (death === "silence") return "silence";
  return death === "engine" ? "engine-died" : (reason.split(":")[0] ?? "");
}

function measureRollout(metrics: Metrics, state: LedgerState, { task, rollout }: EventOf<"accepted">): void {
  const lane = state.tasks.get(task)?.lane ?? "train";
  metrics.add("fleet.rollouts.accepted", 1, { lane });
  metrics.add("fleet.rollouts.well_formed", Number(rollout.wellFormed), { lane });
  metrics.add("fleet.rollouts.exact", Number(rollout.exact), { lane });
  metrics.add("fleet.rollouts.cut_off", Number(rollout.cutOff), { lane });
  metrics.add("fleet.rollouts.tokens", rollout.tokens, { lane });
  metrics.record("fleet.rollout.reward", rollout.reward, { lane });
  metrics.record("fleet.rollout.generation.seconds", rollout.generateMs / 1_000, { lane });
}

function measureStaleness(metrics: Metrics, state: LedgerState, { step, groups }: EventOf<"batched">): void {
  for (const { task, samples } of groups) {
    const record = state.tasks.get(task);
    for (const index of samples) {
      const oldest = record?.samples[index]?.rollout?.oldest;
      if (oldest !== undefined) metrics.record("fleet.rollout.staleness", step - 1 - oldest, {});
    }
  }
}

function measureStep(metrics: Metrics, state: LedgerState, event: EventOf<"trained">): void {
  const { waitSeconds, forwardSeconds, backwardSeconds, optimizerSeconds } = event.metrics;
  const record = state.steps.get(event.step);
  metrics.add("fleet.steps", 1, { outcome: "trained" });
  metrics.add("fleet.samples.trained", record?.batchRollouts ?? 0, {});
  metrics.record("fleet.step.seconds", waitSeconds, { phase: "wait" });
  metrics.record("fleet.step.seconds", forwardSeconds, { phase: "forward" });
  metrics.record("fleet.step.seconds", backwardSeconds, { phase: "backward" });
  metrics.record("fleet.step.seconds", optimizerSeconds, { phase: "optimizer" });
  const batchMs = event.at - (record?.composedAt ?? event.at);
  metrics.record("fleet.step.seconds", Math.max(0, batchMs) / 1_000, { phase: "batch" });
}
