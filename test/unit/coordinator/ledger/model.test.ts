import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  balancesOf,
  type Decision,
  IllegalTransitionError,
  type Ledger,
  type LedgerState,
  openLedger,
} from "../../../../coordinator/index.ts";
import type { Lane } from "../../../../coordinator/ledger/events.ts";
import { OUTCOME_LETTERS } from "../../../../coordinator/ledger/state.ts";
import { systemClock } from "../../../../core/index.ts";
import { type Draft, decisionOf, drafts } from "../../../support/ledger-commands.ts";
import { SETTINGS } from "../../../support/ledger-history.ts";
import { countOf, createModel, decideInModel, type LedgerModel } from "../../../support/ledger-model.ts";

/** The ledger, and what was written of it. */
interface Real {
  ledger: Ledger;
  readonly log: Parameters<typeof openLedger>[0];
  /** Every decision that was tried, for those that come again. */
  readonly tried: Decision[];
  /** Done to the state behind the fold's back after each decision: what a broken fold would do. */
  readonly damage: (state: LedgerState, decision: Decision) => void;
}

/** Makes one decision, or one of those before again, in the model and in the ledger, and compares them. */
class Decide implements fc.AsyncCommand<LedgerModel, Real> {
  readonly draft: Draft;
  readonly again: number | null;
  #decided = "";

  constructor(draft: Draft, again: number | null) {
    this.draft = draft;
    this.again = again;
  }

  check(): boolean {
    return true;
  }

  async run(model: LedgerModel, real: Real): Promise<void> {
    const before = this.again === null ? undefined : real.tried[this.again % (real.tried.length || 1)];
    const decision = before ?? decisionOf(this.draft, model);
    real.tried.push(decision);
    this.#decided = JSON.stringify(decision);

    if (decideInModel(model, decision)) {
      await real.ledger.decide(decision);
      real.damage(real.ledger.state, decision);
    } else {
      await expectRefused(real, decision);
      real.ledger = await openLedger(real.log, systemClock);
    }

    expect(viewOf(real.ledger.state)).toEqual(expectedOf(model));
  }

  toString(): string {
    return this.#decided;
  }
}

class Restart implements fc.AsyncCommand<LedgerModel, Real> {
  check(): boolean {
    return true;
  }

  async run(model: LedgerModel, real: Real): Promise<void> {
    real.ledger = await openLedger(real.log, systemClock);

    expect(viewOf(real.ledger.state)).toEqual(expectedOf(model));
  }

  toString(): string {
    return "restart";
  }
}

const commands = fc.commands(
  [
    drafts.map((draft) => new Decide(draft, null)),
    drafts.map((draft) => new Decide(draft, null)),
    drafts.map((draft) => new Decide(draft, null)),
    fc.tuple(drafts, fc.nat(1_000)).map(([draft, again]) => new Decide(draft, again)),
    fc.constant(new Restart()),
  ],
  { maxCommands: 80, size: "max" },
);

describe("the ledger and its model", () => {
  it("agree on what may follow and on what it leaves, over any decisions, again and out of order too", async () => {
    const seen = new Set<string>();

    await fc.assert(
      fc.asyncProperty(commands, async (history) => {
        const real = await openReal(() => {});
        await fc.asyncModelRun(() => ({ model: createModel(), real }), history);
        for await (const { data } of real.log.read(1)) {
          for (const { type } of JSON.parse(Buffer.from(data).toString())) seen.add(type);
        }
      }),
      { numRuns: 150, seed: 1 },
    );

    expect([...seen].sort()).toEqual(ALL_TYPES);
  });

  it("disagree, in a handful of decisions, once a fold forgets a sample when its worker is gone", async () => {
    const forgetful = (state: LedgerState, decision: Decision) => {
      if (decision.type !== "released") return;
      for (const task of state.tasks.values()) task.samples.pop();
    };

    const found = await fc.check(
      fc.asyncProperty(commands, async (history) => {
        const real = await openReal(forgetful);
        await fc.asyncModelRun(() => ({ model: createModel(), real }), history);
      }),
      { numRuns: 300, seed: 1 },
    );

    expect(found.failed).toBe(true);
    expect(typesOf(found.counterexample?.[0])).toEqual(["issued", "leased", "released"]);
  });
});

const ALL_TYPES = [
  ...["accepted", "archived", "batched", "configured", "ended", "evaluated", "expired", "failed", "issued"],
  ...["leased", "opened", "partial", "paused", "refill_exhausted", "rejected", "released", "replaced"],
  ...["resumed", "rewound", "run_started", "skipped", "step_skipped", "stop_requested", "trained"],
  "trainer_opened",
];

async function openReal(damage: Real["damage"]): Promise<Real> {
  const log = memoryLog();
  const ledger = await openLedger(log, systemClock);
  await ledger.decide(
    { type: "run_started", schema: 1, run: "r", base: "b", settings: SETTINGS },
    { type: "opened", epoch: 1 },
    { type: "trainer_opened", epoch: 1 },
  );
  return { ledger, log, damage, tried: [] };
}

/** A refused decision names what is wrong, and the coordinator that made it has failed. */
async function expectRefused({ ledger }: Real, decision: Decision): Promise<void> {
  expect(() => ledger.decide(decision)).toThrow(IllegalTransitionError);
  await expect(ledger.failed).rejects.toThrow(/^[^\n]{10,200}$/);
}

/** What the fold says, in the model's terms. */
function viewOf(state: LedgerState) {
  const fates = [...state.tasks.values()].map((task) => [task.task, task.samples.map(({ state: at }) => at)]);
  const closed = [...state.closed].map(([task, letters]) => [
    task,
    [...letters].map((letter) => FATES[letter]),
  ]);
  return {
    phase: state.phase,
    fates: Object.fromEntries([...fates, ...closed]),
    books: balancesOf(state, { duplicates: { train: 0, eval: 0 } }),
    leases: [...state.leases].map(([name, { samples }]) => [name, [...samples]]),
    policies: state.policies,
    steps: [state.step, state.composed, [...state.batches.keys()]],
    epochs: [state.epoch, state.trainerEpoch],
  };
}

function expectedOf(model: LedgerModel) {
  return {
    phase: model.phase,
    fates: Object.fromEntries([...model.tasks.values()].map(({ name, fates }) => [name, fates])),
    books: [booksOf(model, "train"), booksOf(model, "eval")],
    leases: [...model.leases].map(([name, { samples }]) => [name, [...samples]]),
    policies: model.policies.map((adapter, version) => ({ version, adapter })),
    steps: [model.policies.length - 1, model.composed, [...model.batches.keys()]],
    epochs: [model.epoch, model.trainerEpoch],
  };
}

function booksOf(model: LedgerModel, lane: Lane) {
  const issued = [...model.tasks.values()].filter((task) => task.lane === lane);
  return {
    lane,
    issued: issued.reduce((sum, { fates }) => sum + fates.length, 0),
    accepted: countOf(model, lane, "accepted", "batched", "trained", "skipped", "evaluated"),
    rejected: countOf(model, lane, "rejected"),
    expired: countOf(model, lane, "expired"),
    outstanding: countOf(model, lane, "open"),
    trained: countOf(model, lane, "trained"),
    skipped: countOf(model, lane, "skipped"),
    evaluated: countOf(model, lane, "evaluated"),
    waiting: countOf(model, lane, "accepted", "batched"),
    duplicates: 0,
  };
}

const FATES = Object.fromEntries(Object.entries(OUTCOME_LETTERS).map(([fate, letter]) => [letter, fate]));

function typesOf(history: Iterable<fc.AsyncCommand<LedgerModel, Real>> | undefined): string[] {
  return [...(history ?? [])].map((command) => JSON.parse(command.toString()).type);
}

/** A log that keeps what it is given. */
function memoryLog(): Real["log"] {
  const messages: Uint8Array[] = [];
  return {
    lastSequence: () => Promise.resolve(messages.length),
    append: (data) => Promise.resolve(messages.push(data)),
    read: async function* (from) {
      for (const [index, data] of messages.entries())
        if (index + 1 >= from) yield { sequence: index + 1, data };
    },
  };
}
