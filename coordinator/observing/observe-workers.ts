import { systemClock } from "../../core/index.ts";
import type { Metrics } from "../../telemetry/index.ts";
import type { WorkerPresence } from "../../transport/index.ts";
import type { LedgerState } from "../ledger/state.ts";

type Workers = readonly WorkerPresence[];

/** Workers that are told of as one. */
interface Kind {
  readonly device: string;
  readonly variant: string;
}

/**
 * Tells of the workers as they announce themselves.
 *
 * @param workers - who is there, as last seen
 * @returns to be called with who is there, whenever somebody has looked
 */
export function observeWorkers(
  metrics: Metrics,
  state: LedgerState,
  workers: () => Workers,
): (workers: Workers) => void {
  /** Those that were ever there, so that one of which none is left is told as 0. */
  const kinds = new Map<string, Kind>();
  const newest = new Map<string, number>();
  const of = ({ device, variant }: Kind) =>
    workers().filter((worker) => worker.device === device && worker.variant === variant);
  const sum = (some: Workers, value: (worker: WorkerPresence) => number) =>
    some.reduce((total, worker) => total + value(worker), 0);

  metrics.observe("fleet.workers", (tell) => {
    for (const kind of kinds.values()) tell(of(kind).length, { ...kind });
  });
  metrics.observe("fleet.workers.slots", (tell) => {
    for (const kind of kinds.values()) {
      const busy = sum(of(kind), ({ busySlots }) => busySlots);
      tell(busy, { ...kind, state: "busy" });
      tell(sum(of(kind), ({ slots }) => slots) - busy, { ...kind, state: "free" });
    }
  });
  metrics.observe("fleet.workers.tokens_per_second", (tell) => {
    for (const kind of kinds.values())
      tell(
        sum(of(kind), (worker) => worker.tokensPerSecond),
        { ...kind },
      );
  });
  metrics.observe("fleet.workers.behind", (tell) =>
    tell(workers().filter(({ policyVersion }) => policyVersion < state.step).length, {}),
  );
  metrics.observe("fleet.workers.behind.seconds", (tell) => {
    const oldest = Math.min(state.step, ...workers().map(({ policyVersion }) => policyVersion));
    const missed = state.steps.get(oldest + 1)?.endedAt ?? 0;
    tell(missed === 0 || oldest === state.step ? 0 : Math.max(0, systemClock.wallMs() - missed) / 1_000, {});
  });

  return (present) => {
    for (const { name, device, variant, policyVersion } of present) {
      kinds.set(`${device} ${variant}`, { device, variant });
      const before = newest.get(name);
      newest.set(name, policyVersion);
      const published = state.steps.get(policyVersion)?.endedAt ?? 0;
      if (before === undefined || before >= policyVersion || published === 0) continue;
      metrics.record(
        "fleet.policy.spread.seconds",
        Math.max(0, systemClock.wallMs() - published) / 1_000,
        {},
      );
    }
  };
}
