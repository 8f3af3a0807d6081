import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { balancesOf } from "../../../../coordinator/index.ts";
import { lastStep } from "../../../../coordinator/issuing/next-tasks.ts";
import { hopelessness } from "../../../../coordinator/issuing/run-end.ts";
import { INSTANCES, ledgerPlans } from "../../../support/ledger-histories.ts";
import { SETTINGS } from "../../../support/ledger-history.ts";
import { createWitness } from "../../../support/ledger-witness.ts";
import { createWorld } from "../../../support/ledger-world.ts";

describe("after any history", () => {
  describe("The books balance", () => {
    it("and nothing counts twice, and nothing too old is batched", () => {
      const seen = new Set<string>();

      fc.assert(
        fc.property(ledgerPlans, ({ settings, acts }) => {
          const witness = createWitness();
          const world = createWorld({ ...SETTINGS, ...settings }, INSTANCES, witness.see);
          for (const [kind, pick] of acts) world.act(kind, pick);
          for (const kind of witness.kinds) seen.add(kind);

          expect(witness.breaches).toEqual([]);
        }),
        { numRuns: 300, seed: 1 },
      );

      expect([...seen]).toEqual(
        expect.arrayContaining([
          ...[
            "batched",
            "trained",
            "step_skipped not finite",
            "refill_exhausted",
            "evaluated",
            "replaced",
            "rewound",
          ],
          ...["skipped no-signal", "skipped stale", "skipped short", "skipped run-over", "expired stale"],
          ...["rejected poison", "rejected prompt-too-long", "rejected reward-failed", "partial", "released"],
        ]),
      );
    });

    it("at the end of a run that is left in peace, with nothing outstanding or waiting", () => {
      fc.assert(
        fc.property(ledgerPlans, ({ settings, acts }) => {
          const witness = createWitness();
          const world = createWorld({ ...SETTINGS, ...settings }, INSTANCES, witness.see);
          for (const [kind, pick] of acts) world.act(kind, pick);

          world.finish();

          fc.pre(hopelessness(world.state, world.prompts) === null);
          const books = balancesOf(world.state, { duplicates: { train: 0, eval: 0 } });
          expect(books.map(({ outstanding, waiting }) => [outstanding, waiting])).toEqual([
            [0, 0],
            [0, 0],
          ]);
          expect(witness.stepsOver).toEqual(Array.from({ length: lastStep(world.state) }, (_, i) => i + 1));
          expect(witness.breaches).toEqual([]);
        }),
        { numRuns: 150, seed: 2 },
      );
    });
  });

  it("a replay gives an equal state at every point", () => {
    fc.assert(
      fc.property(ledgerPlans, ({ settings, acts }) => {
        const world = createWorld({ ...SETTINGS, ...settings }, INSTANCES, () => {});

        for (const [kind, pick] of acts) {
          world.act(kind, pick);
          world.act("restart", 0); // Throws where the replayed state differs.
        }
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it("prompts come in the order of the seed, epoch after epoch, restarts or not", () => {
    fc.assert(
      fc.property(ledgerPlans, ({ settings, acts }) => {
        const world = createWorld({ ...SETTINGS, ...settings }, INSTANCES, () => {});
        const usable = acts.filter(([kind]) => kind !== "fail" && kind !== "kill three workers");
        for (const [kind, pick] of usable) world.act(kind, pick);
        fc.pre(world.state.unusable.size === 0); // An instance that cannot be used is passed over.

        const { asked, prompts } = world;

        expect(asked).toEqual(asked.map((_, i) => prompts.train[prompts.order.instanceAt(i)]));
        for (let from = 0; from + INSTANCES <= asked.length; from += INSTANCES) {
          expect(new Set(asked.slice(from, from + INSTANCES)).size).toBe(INSTANCES);
        }
      }),
      { numRuns: 100, seed: 4 },
    );
  });
});
