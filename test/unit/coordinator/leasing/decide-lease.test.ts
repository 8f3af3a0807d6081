import { describe, expect, it } from "vitest";
import { createLeaseTerms, endLease, judgeLease, type LedgerState } from "../../../../coordinator/index.ts";
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
  it("by the third engine that dies, on two workers, makes its open samples poison, and keeps what was accepted", () => {
    const state = runThat({}, issued(0, 3), accepted("t0", 1));

    const reasons = lose(state, ["w1", "w1", "w2"], "engine");

    expect(reasons).toEqual([
      ["released"],
      ["released"],
      ["released", "3 engines died and 0 workers fell silent (w1, w2) over it; the last: gone"],
    ]);
    expect(state.tasks.get("t0")?.samples.map(({ state: at }) => at)).toEqual([
      "rejected",
      "accepted",
      "rejected",
    ]);
    expect([...state.unusable.keys()]).toEqual(["i0"]);
  });

  it("is not held against its task where one worker's engine died, or links were cut, until the sixth time", () => {
    const oneHost = runThat({}, issued(0));
    const links = runThat({}, issued(0));

    const died = lose(oneHost, ["w1", "w1", "w1", "w1", "w1", "w1"], "engine");
    const cut = lose(links, ["w1", "w2", "w3", "w1", "w2", "w3"], "silence");

    expect(died.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 2]);
    expect(cut.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 2]);
    expect(links.unusable.get("i0")).toBe(
      "poison: 0 engines died and 6 workers fell silent (w1, w2, w3) over it; the last: gone",
    );
  });

  it("in order costs nothing, however often", () => {
    const state = runThat({}, issued(0));

    for (const dispatch of [0, 1, 2, 3, 4]) {
      decide(state, leased("t0", [0, 1], `t0.${dispatch}`));
      decide(state, ...endLease(state, `t0.${dispatch}`, "worker-stopping", false));
    }

    expect(state.tasks.get("t0")).toMatchObject({ dispatch: 5, losses: [], lease: null });
    expect(endLease(state, "t0.4", "again", "engine")).toEqual([]);
  });
});

describe("a task that one more engine would make poison", () => {
  it("is leased only to a worker without another task, and keeps that worker to itself", () => {
    const state = runThat({}, issued(0), issued(1));
    lose(state, ["w1", "w3"], "engine");
    decide(state, leased("t1", [0, 1]));
    const beside = judgeLease(state, { task: "t0", dispatch: 2, worker: "w1" });

    const alone = judgeLease(state, { task: "t0", dispatch: 2, worker: "w2" });
    decide(state, ...endLease(state, "t1.0", "gone", false), leased("t0", [0, 1], "t0.2"));
    const besideIt = judgeLease(state, { task: "t1", dispatch: 1, worker: "w1" });

    expect([beside, alone, besideIt].map(({ kind }) => kind)).toEqual(["later", "granted", "later"]);
  });
});

/** Loses a lease of t0 by each worker, and tells what follows. */
function lose(state: LedgerState, workers: readonly string[], death: "engine" | "silence"): string[][] {
  return workers.map((worker) => {
    const verdict = judgeLease(state, { ...ask, dispatch: state.tasks.get("t0")?.dispatch ?? 0, worker });
    if (verdict.kind !== "granted") throw new Error(`the lease is ${verdict.kind}`);
    decide(state, verdict.decision);
    const decisions = endLease(state, verdict.decision.lease, "gone", death);
    decide(state, ...decisions);
    return decisions.map((decision) => (decision.type === "rejected" ? decision.message : decision.type));
  });
}

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
    expect([[...terms.held()], terms.remainingMs("a")]).toEqual([["b"], 0]);
  });
});
