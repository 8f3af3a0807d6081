import fc from "fast-check";
import type { LedgerEvent, LedgerState } from "../../coordinator/index.ts";
import { ACTS } from "./ledger-acts.ts";
import { SETTINGS } from "./ledger-history.ts";
import { createWorld } from "./ledger-world.ts";

/** Instances of the datasets of these runs. */
export const INSTANCES = 5;

/** Small runs, and what happens to them: everything that may. */
export const ledgerPlans = fc.record({
  settings: fc.record({
    seed: fc.integer({ min: 0, max: 3 }),
    steps: fc.integer({ min: 1, max: 4 }),
    prompts: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 2, max: 4 }),
    staleness: fc.integer({ min: 0, max: 2 }),
    refillAtMost: fc.integer({ min: 1, max: 2 }),
    evalTasks: fc.integer({ min: 0, max: 2 }),
    evalEvery: fc.integer({ min: 0, max: 2 }),
  }),
  acts: fc.array(fc.tuple(fc.constantFrom(...ACTS), fc.nat(10_000)), {
    minLength: 10,
    maxLength: 80,
    size: "max",
  }),
});

/** Any history of a run: `run` lives it anew, event by event. */
export interface LedgerHistory {
  run(onEvent: (event: LedgerEvent) => void): LedgerState;
}

/** Histories of small runs in which everything happens that may. */
export const ledgerHistories: fc.Arbitrary<LedgerHistory> = ledgerPlans.map(({ settings, acts }) => ({
  run: (onEvent) => {
    const world = createWorld({ ...SETTINGS, ...settings }, INSTANCES, onEvent);
    for (const [kind, pick] of acts) world.act(kind, pick);
    return world.state;
  },
}));
