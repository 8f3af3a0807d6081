import { type Clock, systemClock } from "../core/index.ts";
import type { EngineStatus } from "../llama/index.ts";
import { createOccupancy, type Metrics } from "../telemetry/index.ts";

/** What a worker's metrics are read from. */
export interface ObservedWorker {
  readonly metrics: Metrics;
  readonly slots: number;
  readonly heldBytes: () => number;
  readonly spooledBytes: () => number;
  readonly clock?: Pick<Clock, "monotonicMs">;
}

/** Where a worker's metrics learn what they tell. It outlives the engine's restarts. */
export interface WorkerObserver {
  /** An engine says what it does, and what it has done since it was opened. */
  status(status: EngineStatus, device: string): void;
  /** So many samples are decoded or wait for a slot. */
  load(openSamples: number): void;
  engineDied(): void;
}

/** Has a worker's metrics told. */
export function observeWorker(observed: ObservedWorker): WorkerObserver {
  const { metrics, slots, heldBytes, spooledBytes, clock = systemClock } = observed;
  const occupancy = createOccupancy(clock, slots);
  let last: { readonly status: EngineStatus; readonly device: string } | null = null;

  metrics.add("fleet.worker.engine.deaths", 0, {});
  metrics.observe("fleet.worker.slots", (tell) => {
    const busy = last?.status.busySlots ?? 0;
    tell(busy, { state: "busy" });
    tell(slots - busy, { state: "free" });
  });
  metrics.observe("fleet.worker.cells", (tell) => {
    const { cells = 0, usedCells = 0 } = last?.status ?? {};
    tell(usedCells, { state: "used" });
    tell(cells - usedCells, { state: "free" });
  });
  metrics.observe("fleet.worker.samples.waiting", (tell) => tell(last?.status.waitingSamples ?? 0, {}));
  metrics.observe("fleet.worker.policy.version", (tell) => tell(last?.status.policy.version ?? 0, {}));
  metrics.observe("fleet.worker.slot.seconds", (tell) => {
    const { busySeconds, idleSeconds } = occupancy.read();
    tell(busySeconds, { state: "busy" });
    tell(idleSeconds, { state: "idle" });
  });
  metrics.observe("fleet.worker.unacknowledged.bytes", (tell) => {
    tell(heldBytes(), { place: "memory" });
    tell(spooledBytes(), { place: "spool" });
  });

  /** An engine that was opened since counts from 0 again. */
  function addTokens(kind: string, now: number, before: number, device: string): void {
    metrics.add("fleet.worker.tokens", now >= before ? now - before : now, { kind, device });
  }

  return {
    status: (status, device) => {
      addTokens("sampled", status.sampledTokens, last?.status.sampledTokens ?? 0, device);
      addTokens("prefill", status.prefillTokens, last?.status.prefillTokens ?? 0, device);
      last = { status, device };
    },
    load: (openSamples) => occupancy.take(openSamples),
    engineDied: () => metrics.add("fleet.worker.engine.deaths", 1, {}),
  };
}
