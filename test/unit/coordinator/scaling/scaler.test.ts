import { describe, expect, it } from "vitest";
import { SCENARIOS } from "../../../../bench/scaling/scenarios.ts";
import { openSimulatedLedger } from "../../../../bench/scaling/simulated-ledger.ts";
import { ScalingConfig } from "../../../../coordinator/config.ts";
import { createScaler } from "../../../../coordinator/scaling/scaler.ts";
import { scalingAnswer } from "../../../../coordinator/scaling/scaling-answer.ts";
import type { WorkerPresence } from "../../../../transport/index.ts";

const STEADY = SCENARIOS[0] as (typeof SCENARIOS)[number];

function worker(name: string, busySlots: number, more: Partial<WorkerPresence> = {}): WorkerPresence {
  const fixed = { device: "cpu", modelDigest: "", quantization: "", variant: "base", slots: 8 };
  return {
    ...fixed,
    name,
    pool: "a",
    busySlots,
    policyVersion: 0,
    tokensPerSecond: 25 * busySlots,
    wait: null,
    draining: false,
    ...more,
  };
}

function openScaler(...pools: object[]) {
  const ledger = openSimulatedLedger(STEADY);
  ledger.follow(0);
  const config = ScalingConfig.parse({ pools });
  return { ledger, scaler: createScaler({ config, state: ledger.state, heldOut: 0, maxTokens: 4_000 }) };
}

const UNKNOWN = { name: "a", max: 30, startSeconds: 60 };
const KNOWN = { ...UNKNOWN, tokensPerSecond: 200 };

describe("What is asked of the cluster", () => {
  it("is nothing where no pool is scaled, and unknown before the first look", () => {
    const none = openScaler().scaler;
    none.look([], 0);

    expect([none.plan(), none.replicas(), openScaler(KNOWN).scaler.plan()]).toEqual([null, null, null]);
  });

  it("begins with a fleet for the first window where the speed of a worker is said", () => {
    const { scaler } = openScaler(KNOWN);

    scaler.look([], 0);

    // A step of 128,000 tokens is taken to be used in 120 s: 1,120 tokens/s, and 1.6 steps are lacking in 60 s.
    expect(scaler.plan()?.pools[0]?.replicas).toBe(23);
  });

  it("is one worker until its speed is seen, and then as many as that speed asks for", () => {
    const { scaler } = openScaler(UNKNOWN);
    const asked = () => scaler.plan()?.pools[0]?.replicas;

    scaler.look([], 0);
    const first = asked();
    scaler.look([worker("w0", 1)], 61_000); // Too little to do to say how fast it is.
    const still = asked();
    scaler.look([worker("w0", 8)], 62_000);

    expect([first, still]).toEqual([1, 1]);
    expect(asked()).toBe(15);
    expect(scaler.plan()?.pools[0]?.tokensPerSecond).toBe(200);
  });

  it("goes on from what the cluster has, when the coordinator is a new one", () => {
    const { ledger, scaler } = openScaler(KNOWN);
    ledger.decide({ type: "paused" }, 0);

    scaler.report([{ name: "a", replicas: 9, trouble: "" }]);
    scaler.look([worker("w0", 8), worker("w1", 8)], 1_000);

    // Seven are on their way; one more than those nine is needed.
    expect(scaler.plan()?.pools[0]).toMatchObject({ replicas: 10, present: 2, trouble: "" });
  });

  it("counts on a worker that is lost for as long as it takes to start another", () => {
    const { scaler } = openScaler({ ...KNOWN, max: 8 });
    const eight = Array.from({ length: 8 }, (_, index) => worker(`w${index}`, 8));
    const lost = 3_600_000;
    scaler.look(eight, 0);

    scaler.look(eight.slice(1), lost);
    const atFirst = scaler.plan()?.pools[0];
    scaler.look(eight.slice(1), lost + 95_000);

    expect(atFirst).toMatchObject({ replicas: 8, present: 7, trouble: "" });
    expect(scaler.plan()?.pools[0]?.trouble).toMatch(/^7 of 8 workers came up/);
  });

  it("is not less than what the cluster has, when it is told only after its first look", () => {
    const { scaler } = openScaler(KNOWN);
    scaler.look([worker("w0", 8), worker("w1", 8)], 1_000);

    scaler.report([{ name: "a", replicas: 29, trouble: "" }]);
    const first = scaler.replicas()?.get("a");
    scaler.report([{ name: "a", replicas: 30, trouble: "" }]); // Somebody's hand: what is decided here counts.

    expect([first, scaler.replicas()?.get("a")]).toEqual([29, 29]);
  });

  it("says why a pool does not have its workers: in the cluster's words, else that they do not come up", () => {
    const { scaler } = openScaler(KNOWN);
    const trouble = () => scaler.plan()?.pools[0]?.trouble;

    scaler.look([], 0);
    scaler.look([], 60_000);
    const early = trouble();
    scaler.look([], 91_000);
    const late = trouble();
    scaler.report([
      { name: "a", replicas: 23, trouble: "0/1 nodes are available: 1 Insufficient nvidia.com/gpu." },
    ]);
    scaler.look([], 92_000);

    expect(early).toBe("");
    expect(late).toBe("0 of 23 workers came up; other pools stand in for the rest");
    expect(trouble()).toBe("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.");
  });

  it("is nothing of any pool once the run is over, its least included", () => {
    const { ledger, scaler } = openScaler({ ...KNOWN, min: 2 });
    scaler.look([], 0);

    ledger.decide({ type: "ended", failed: false, reason: "every step is trained" }, 1);

    expect([...(scaler.replicas() ?? [])]).toEqual([["a", 0]]);
  });
});

describe("What KEDA is told, which does not say first what the cluster has,", () => {
  const OTHER = { ...KNOWN, name: "b" };

  it("is nothing by a coordinator that has just started, until each pool was reported", () => {
    const { scaler } = openScaler(KNOWN, OTHER);
    scaler.look([worker("w0", 8)], 0);
    const atFirst = scaler.replicas();

    scaler.report([{ name: "a", replicas: 29, trouble: "" }]);
    const half = scaler.replicas();
    scaler.report([{ name: "b", replicas: 7, trouble: "" }]);

    expect([atFirst, half]).toEqual([null, null]);
    expect([...(scaler.replicas() ?? [])]).toEqual(
      scaler.plan()?.pools.map((pool) => [pool.name, pool.replicas]),
    );
    expect(scaler.replicas()?.get("a")).toBe(29);
  });

  it("is the plan where nobody reports for a minute and a half", () => {
    const { scaler } = openScaler(KNOWN);
    scaler.look([], 1_000);

    scaler.look([], 90_999);
    const early = scaler.replicas();
    scaler.look([], 91_000);

    expect(early).toBeNull();
    expect(scaler.replicas()?.get("a")).toBe(scaler.plan()?.pools[0]?.replicas);
  });
});

describe("Who loses least by going", () => {
  it("is first who has nothing to do, then who holds the fewest tokens", () => {
    const { ledger } = openScaler(KNOWN);
    const now = Date.now() / 1_000;
    const lease = (name: string, task: string, secondsAgo: number) =>
      ledger.decide(
        {
          type: "leased",
          lease: `${task}.0`,
          task,
          worker: name,
          version: 0,
          samples: [0, 1, 2, 3, 4, 5, 6, 7],
        },
        now - secondsAgo,
      );
    lease("old", "t0", 100);
    lease("new", "t1", 10);

    const { workers } = scalingAnswer(ledger, [worker("old", 8), worker("new", 8), worker("idle", 0)], null);

    expect(workers?.map(({ name }) => name)).toEqual(["idle", "new", "old"]);
    expect(workers?.map(({ heldTokens }) => Math.round(Number(heldTokens) / 1_000))).toEqual([0, 2, 20]);
  });
});
