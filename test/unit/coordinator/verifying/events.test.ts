import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decision, LedgerEvent } from "../../../../coordinator/index.ts";
import { balancesOf } from "../../../../coordinator/index.ts";
import { createAudit } from "../../../../coordinator/verifying/audit.ts";
import { compareStatus } from "../../../../coordinator/verifying/compare-status.ts";
import { createFacts } from "../../../../coordinator/verifying/ledger-facts.ts";
import { ledgerHistories } from "../../../support/ledger-histories.ts";
import {
  accepted,
  batched,
  completedGroup,
  issued,
  runThat,
  SETTINGS,
  trained,
} from "../../../support/ledger-history.ts";

const START: Decision[] = [
  { type: "run_started", schema: 1, run: "r", base: "b", settings: SETTINGS },
  { type: "opened", epoch: 1 },
  { type: "trainer_opened", epoch: 1 },
];

function breachesOf(...decisions: readonly Decision[]): readonly string[] {
  const audit = createAudit();
  for (const decision of [...START, ...decisions]) audit.see({ ...decision, at: 0 });
  return audit.breaches;
}

/** Two groups, each rollout at a place of its own. */
const groups = [0, 1].flatMap((group) => [
  issued(group),
  ...[0, 1].map((sample) => accepted(`t${group}`, sample, { sequence: 2 * group + sample + 1 })),
]);

describe("the audit of the ledger's events", () => {
  it("finds nothing in any history that the coordinator decided", () => {
    fc.assert(
      fc.property(ledgerHistories, ({ run }) => {
        const audit = createAudit();
        const state = run((event) => audit.see(event));

        expect(audit.breaches).toEqual([]);
        expect(audit.trained.size).toBe(state.lanes.train.trained);
        expect([...audit.policies]).toEqual(state.policies.map(({ version, adapter }) => [version, adapter]));
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  const wrong: [string, Decision[], string][] = [
    [
      "a sample is accepted twice",
      [issued(0), accepted("t0", 0, { sequence: 1 }), accepted("t0", 0, { sequence: 2 })],
      "sample 0 of task t0 is accepted a second time",
    ],
    [
      "one rollout is two samples'",
      [issued(0), accepted("t0", 0, { sequence: 1 }), accepted("t0", 1, { sequence: 1 })],
      "rollout 1 is accepted for sample 0 of task t0 and for sample 1 of task t0",
    ],
    [
      "a batch leaves out a member of its group",
      [...groups, batched(1, ["t0"]), batched(2, ["t1"], [0])],
      "batch 2 leaves out sample 1 of task t1",
    ],
    [
      "a batch holds what was never accepted",
      [...groups, batched(1, ["t0"], [0, 1, 2])],
      "batch 1 holds sample 2 of task t0, which is not accepted or was skipped",
    ],
    [
      "a batch holds what was skipped",
      [...groups, { type: "skipped", task: "t0", samples: [1], reason: "stale" }, batched(1, ["t0"])],
      "batch 1 holds sample 1 of task t0, which is not accepted or was skipped",
    ],
    [
      "a sample is too old for its batch",
      [...groups, batched(3, ["t0", "t1"])],
      "batch 3 holds sample 0 of task t0, 2 versions old where 1 train",
    ],
    [
      "a sample is trained twice",
      [...groups, batched(1, ["t0", "t1"]), batched(2, ["t0", "t1"]), trained(1), trained(2)],
      "sample 0 of task t0 is trained a second time, in step 2",
    ],
    [
      "a version names two adapters",
      [...groups, batched(1, ["t0", "t1"]), trained(1), { ...trained(1), adapter: "other" } as Decision],
      "policy 1 names a1 and other",
    ],
    ["a version is left out", [...groups, batched(2, ["t0", "t1"]), trained(2)], "policy 2 follows policy 0"],
  ];

  it.each(wrong)("says so when %s", (_, decisions, sentence) => {
    expect(breachesOf(...decisions)).toContain(sentence);
  });
});

describe("the facts of a ledger", () => {
  const messageOf = (sequence: number, ...decisions: readonly Decision[]) => ({
    sequence,
    data: Buffer.alloc(0),
    events: decisions.map((decision) => ({ ...decision, at: 0 }) as LedgerEvent),
  });

  it("name the message that is missing, and fold nothing after it", () => {
    const facts = createFacts();
    facts.add(messageOf(1, ...START));

    facts.add(messageOf(3, issued(0)));

    expect(facts.broken).toBe("message 2 of the ledger is missing: the next one is 3");
    expect(facts.state.taskCount).toBe(0);
  });

  it("name the message that cannot follow what came before", () => {
    const facts = createFacts();
    facts.add(messageOf(1, ...START));

    facts.add(messageOf(2, trained(1)));

    expect(facts.broken).toBe(
      "message 2 of the ledger cannot follow what came before: step 1 cannot follow step 0",
    );
  });
});

describe("a coordinator's answer", () => {
  const state = runThat({}, ...completedGroup(0, [0, 1]));
  const answer = () => ({
    state: "evaluating",
    step: 0,
    balances: balancesOf(state, { duplicates: { train: 3, eval: 0 } }),
  });

  it("agrees with the fold whatever duplicates it has seen", () => {
    expect(compareStatus(state, answer())).toEqual([]);
  });

  it("is said to differ in phase, step and books", () => {
    const [train, held] = answer().balances;
    const said = { state: "paused", step: 1, balances: [{ ...train, accepted: 1 }, held] };

    expect(compareStatus(state, said as ReturnType<typeof answer>)).toEqual([
      "the coordinator says that the run is paused, the ledger that it is running",
      "the coordinator is at step 1, the ledger at step 0",
      "the coordinator counts 1 accepted in lane train, the ledger 2",
    ]);
  });
});
