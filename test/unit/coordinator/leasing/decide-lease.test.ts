import { describe, expect, it } from "vitest";
import { createLeaseTerms, endLease, judgeLease } from "../../../../coordinator/index.ts";
import { accepted, decide, issued, leased, runThat } from "../../../support/ledger-history.ts";

const ask = { task: "t0", dispatch: 0, worker: "w2" };

describe("a request for a lease", () => {
  it("is granted for what is missing, once", () => {
    const state = runThat({}, issued(0, 3), accepted("t0", 1));

    const verdict = judgeLease(state, ask);
    decide(state, leased("t0", [0, 2]));

    expect(verdict).toMatchObject({
      kind: "granted",
      decision: { lease: "t0.0", samples: [0, 2], worker: "w2" },
    });
    expect(judgeLease(state, ask)).toEqual({ kind: "held", lease: "t0.0" });
  });

  it("is settled for an older dispatch, for a group without a missing sample, and for what is over", () => {
    const released = runThat({}, issued(0), leased("t0", [0, 1]));
    decide(released, ...endLease(released, "t0.0", "gone", false));
    const complete = runThat({}, issued(0, 1), accepted("t0", 0));

    const verdicts = [judgeLease(released, ask), judgeLease(complete, ask), judgeLease(runThat({}), ask)];

    expect(verdicts.map(({ kind }) => kind)).toEqual(["settled", "settled", "settled"]);
    expect(judgeLease(released, { ...ask, dispatch: 1 })).toMatchObject({
      kind: "granted",
      decision: { lease: "t0.1" },
    });
  });
});

describe("a lease that ends", () => {
  it("by three deaths makes its open samples poison, and keeps what was accepted", () => {
    const state = runThat({}, issued(0, 3), accepted("t0", 1));
    const reasons = [1, 2, 3].map((death) => {
      decide(state, leased("t0", [0, 2], `t0.${death - 1}`));
      const decisions = endLease(state, `t0.${death - 1}`, `death ${death}`, true);
      decide(state, ...decisions);
      return decisions.map((decision) => (decision.type === "rejected" ? decision.message : decision.type));
    });

    expect(reasons).toEqual([
      ["released"],
      ["released"],
      ["released", "3 workers were lost over it; the last: death 3"],
    ]);
    expect(state.tasks.get("t0")?.samples.map(({ state: at }) => at)).toEqual([
      "rejected",
      "accepted",
      "rejected",
    ]);
  });

  it("in order costs nothing, however often", () => {
    const state = runThat({}, issued(0));

    for (const dispatch of [0, 1, 2, 3, 4]) {
      decide(state, leased("t0", [0, 1], `t0.${dispatch}`));
      decide(state, ...endLease(state, `t0.${dispatch}`, "worker-stopping", false));
    }

    expect(state.tasks.get("t0")).toMatchObject({ dispatch: 5, deaths: 0, lease: null });
    expect(endLease(state, "t0.4", "again", true)).toEqual([]);
  });
});

describe("a term", () => {
  it("runs from its last renewal, by the monotonic clock alone", () => {
    let now = 0;
    const terms = createLeaseTerms({ monotonicMs: () => now, wallMs: () => -1 }, 100);
    terms.renew("a");
    now = 60;
    terms.renew("b");
    now = 99;
    const before = terms.expired();
    now = 100;

    expect([before, terms.expired(), terms.remainingMs("b")]).toEqual([[], ["a"], 60]);
    terms.renew("a");
    expect(terms.expired()).toEqual([]);
    terms.forget("a");
    expect([terms.held(), terms.remainingMs("a")]).toEqual([["b"], 0]);
  });
});
