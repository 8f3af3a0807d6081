import { describe, expect, it } from "vitest";
import { emptyState, type LedgerState } from "../../../../coordinator/ledger/state.ts";
import { stepRecord } from "../../../../coordinator/ledger/step-record.ts";
import { observeWorkers } from "../../../../coordinator/observing/observe-workers.ts";
import type { Metrics } from "../../../../telemetry/index.ts";
import type { WorkerPresence } from "../../../../transport/index.ts";

type Observe = Metrics["observe"];

/** A run whose newest step is the last of those that ended so many seconds ago. */
function stateWith(endedSecondsAgo: readonly number[]): LedgerState {
  const state = emptyState();
  for (const [i, seconds] of endedSecondsAgo.entries()) {
    stepRecord(state, i + 1).endedAt = Date.now() - 1_000 * seconds;
  }
  state.step = endedSecondsAgo.length;
  return state;
}

/** What is told of workers that sample under these versions. */
function told(state: LedgerState, versions: readonly number[]): Map<string, number> {
  const values = new Map<string, number>();
  const observe: Observe = (name, read) => read((value) => values.set(name, value));
  const workers = versions.map((policyVersion) => ({ policyVersion }) as WorkerPresence);
  observeWorkers({ isOn: true, add: () => {}, record: () => {}, observe }, state, () => workers);
  return values;
}

describe("what is told of workers", () => {
  it("is for how long the one that is furthest behind could have sampled under a newer policy", () => {
    const values = told(stateWith([500, 300, 20]), [3, 1, 2]);

    expect(values.get("fleet.workers.behind")).toBe(2);
    expect(values.get("fleet.workers.behind.seconds")).toBeCloseTo(300, -1);
  });

  it("is that none is behind where all have the newest policy, and where there are none", () => {
    const state = stateWith([500, 300, 20]);

    expect(told(state, [3, 3]).get("fleet.workers.behind.seconds")).toBe(0);
    expect(told(state, []).get("fleet.workers.behind.seconds")).toBe(0);
    expect(told(emptyState(), [0]).get("fleet.workers.behind.seconds")).toBe(0);
  });
});
