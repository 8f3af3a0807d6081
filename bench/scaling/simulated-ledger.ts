/**
 * A run's books without a coordinator around them: the real fold and the real decisions, on simulated time.
 *
 * @module
 */
import {
  applyEvent,
  type Decision,
  emptyState,
  type LedgerState,
  nextDecisions,
  type Prompts,
} from "../../coordinator/index.ts";
import { GROUP, GROUPS, type Scenario, STALENESS } from "./scenarios.ts";

/** A ledger that nobody stores. */
export interface SimulatedLedger {
  readonly state: LedgerState;
  decide(decision: Decision, nowSeconds: number): void;
  /** Decides what follows by itself. */
  follow(nowSeconds: number): void;
}

/** Opens the books of a scenario's run, with a trainer that has joined. */
export function openSimulatedLedger(scenario: Scenario): SimulatedLedger {
  const state = emptyState();
  const train = Array.from({ length: 1_000 }, (_, i) => `i${i}`);
  const order = { instanceAt: (ordinal: number) => ordinal % train.length };
  const prompts: Prompts = { train, order: order as Prompts["order"], heldOut: [] };
  const decide = (decision: Decision, nowSeconds: number) =>
    applyEvent(state, { ...decision, at: nowSeconds * 1_000 });

  decide({ type: "run_started", schema: 1, run: scenario.name, base: "", settings: settingsOf(scenario) }, 0);
  decide({ type: "trainer_opened", epoch: 1 }, 0);
  return {
    state,
    decide,
    follow: (nowSeconds) => {
      for (let next = nextDecisions(state, prompts); next.length > 0; next = nextDecisions(state, prompts))
        for (const decision of next) decide(decision, nowSeconds);
      state.outcomes = []; // Nothing archives them here.
    },
  };
}

function settingsOf({ steps }: Scenario): LedgerState["settings"] {
  return {
    seed: 0,
    steps,
    prompts: GROUPS,
    group: GROUP,
    temperature: 1,
    staleness: STALENESS,
    refillAtMost: 100,
    evalTasks: 0,
    evalEvery: 0,
    evalTemperatures: [],
  };
}
