import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Demand,
  decideReplicas,
  type PoolNow,
} from "../../../../coordinator/scaling/decide-replicas.ts";

/** Steps of 100,000 tokens, trained in 100 s: the updater uses 1,000 tokens/s. */
const HALF_FULL: Demand = {
  stepTokens: 100_000,
  stepSeconds: 100,
  trainingSeconds: 50,
  readySteps: 2.5,
  windowSteps: 5,
  openTokens: 200_000,
  laterTokens: 10_000_000,
  evaluationTokens: 0,
};
const IDLE = { ...HALF_FULL, readySteps: 4, openTokens: 0 };
const FAR_BEHIND = { ...HALF_FULL, trainingSeconds: null, readySteps: 0, openTokens: 500_000 };

const SPOT: PoolNow = {
  name: "spot",
  min: 0,
  max: 10,
  cost: 1,
  startSeconds: 60,
  tokensPerSecond: 200,
  completionSeconds: 20,
  replicas: 5,
  ready: 5,
  shortForSeconds: 0,
};
const DEAR: PoolNow = { ...SPOT, name: "dear", cost: 3, replicas: 0, ready: 0, max: 4 };

function decide(demand: Demand, ...pools: PoolNow[]): Record<string, number> {
  return Object.fromEntries(decideReplicas(demand, pools).replicas);
}

describe("The size of the pools", () => {
  it("stays while the fleet keeps up with the updater and the stock is within its band", () => {
    expect(decide(HALF_FULL, SPOT, DEAR)).toEqual({ spot: 5, dear: 0 });
  });

  it("grows where the updater would have nothing by the time that more could help, cheapest tokens first", () => {
    expect(decide(FAR_BEHIND, SPOT, DEAR)).toEqual({ spot: 10, dear: 1 });
    expect(decide({ ...FAR_BEHIND, readySteps: 1 }, SPOT, DEAR)).toEqual({ spot: 6, dear: 0 });
  });

  it("grows before the updater starves: a long start-up is foreseen, a short one waited for", () => {
    const low = { ...HALF_FULL, readySteps: 2 };
    const few = { ...SPOT, replicas: 3, ready: 3 };

    expect(decide(low, { ...few, startSeconds: 10 })).toEqual({ spot: 3 });
    expect(decide(low, { ...few, startSeconds: 300 })["spot"]).toBeGreaterThan(5);
  });

  it("shrinks where the workers have more time than there are usable tokens, dearest first", () => {
    const busy = { ...DEAR, replicas: 3, ready: 3 };

    expect(decide({ ...IDLE, readySteps: 3.5, openTokens: 10_000 }, SPOT, busy)).toEqual({
      spot: 5,
      dear: 0,
    });
  });

  it("goes to zero once the updater hangs for longer than it takes to come back", () => {
    const hanging = (seconds: number) => decide({ ...IDLE, trainingSeconds: seconds }, SPOT)["spot"];

    expect([100, 130, 150, 200].map(hanging)).toEqual([5, 4, 3, 0]);
  });

  it("goes to zero where nobody trains the first batch, once the window is full", () => {
    const first = { ...IDLE, stepSeconds: null };

    expect(decide({ ...first, trainingSeconds: 100 }, SPOT)["spot"]).toBeGreaterThan(0);
    expect(decide({ ...first, trainingSeconds: 400 }, SPOT)).toEqual({ spot: 0 });
  });

  it("comes back while what is sampled still lasts for a start-up", () => {
    const none = { ...SPOT, replicas: 0, ready: 0 };

    expect(decide({ ...IDLE, trainingSeconds: 0, openTokens: 100_000, readySteps: 4 }, none)).toEqual({
      spot: 0,
    });
    expect(
      decide({ ...IDLE, trainingSeconds: 80, openTokens: 200_000, readySteps: 1.9 }, none)["spot"],
    ).toBeGreaterThan(4);
  });

  it("is the least once nothing is left to sample, whatever is still trained", () => {
    const over = { ...HALF_FULL, openTokens: 0, laterTokens: 0 };

    expect(decide(over, { ...SPOT, min: 1 }, DEAR)).toEqual({ spot: 1, dear: 0 });
  });

  it("keeps at the end those that what is issued keeps at work", () => {
    const last = { ...HALF_FULL, readySteps: 3, openTokens: 12_000, laterTokens: 0 };

    expect(decide(last, SPOT)).toEqual({ spot: 3 });
  });

  it("takes no worker away before one that is on its way has come", () => {
    const starting = { ...SPOT, replicas: 9, ready: 5, shortForSeconds: 20 };

    expect(decide({ ...IDLE, openTokens: 50_000 }, starting)).toEqual({ spot: 9 });
  });

  it("lets other pools stand in for one that is short of its replicas, and goes on asking for them", () => {
    const short = { ...SPOT, replicas: 8, ready: 2, shortForSeconds: 100 };
    const { replicas, short: named } = decideReplicas({ ...HALF_FULL, readySteps: 1 }, [short, DEAR]);

    expect(named).toEqual(["spot"]);
    expect(replicas.get("spot")).toBe(8);
    expect(replicas.get("dear")).toBeGreaterThan(2);
  });

  it("starts one worker of a pool that nothing is known of, to measure it", () => {
    const unknown = { ...SPOT, tokensPerSecond: null, completionSeconds: 0, replicas: 0, ready: 0 };

    expect(decide(FAR_BEHIND, unknown)).toEqual({ spot: 1 });
    expect(decide(FAR_BEHIND, { ...unknown, replicas: 1 })).toEqual({ spot: 1 });
  });

  it("uses no pool whose completions would be stale before they are trained on", () => {
    const slow = { ...SPOT, name: "slow", completionSeconds: 300, replicas: 0, ready: 0 };
    const { replicas, tooSlow } = decideReplicas(FAR_BEHIND, [slow, DEAR]);

    expect(tooSlow).toEqual(["slow"]);
    expect(Object.fromEntries(replicas)).toEqual({ slow: 0, dear: 4 });
  });

  it("uses a slow pool where there is no other, since then sampling holds the steps up", () => {
    const slow = { ...SPOT, completionSeconds: 300, replicas: 0, ready: 0 };
    const { replicas, tooSlow } = decideReplicas(FAR_BEHIND, [slow, { ...DEAR, max: 0 }]);

    expect(tooSlow).toEqual([]);
    expect(replicas.get("spot")).toBeGreaterThan(0);
  });

  it("counts an evaluation that holds training up as lacking", () => {
    const evaluating = { ...HALF_FULL, openTokens: 500_000, evaluationTokens: 400_000 };

    expect(decide(evaluating, SPOT)["spot"]).toBeGreaterThan(5);
  });

  it("is a whole number within the limits of every pool, and the same for the same values", () => {
    const positive = (max: number) => fc.double({ min: 0, max, noNaN: true });
    const demands = fc.record({
      stepTokens: fc.double({ min: 1, max: 1e8, noNaN: true }),
      stepSeconds: fc.option(fc.double({ min: 0.1, max: 1e4, noNaN: true })),
      trainingSeconds: fc.option(positive(1e5)),
      readySteps: positive(10),
      windowSteps: fc.integer({ min: 1, max: 10 }),
      openTokens: positive(1e9),
      laterTokens: positive(1e9),
      evaluationTokens: positive(1e6),
    });
    const pools = fc.array(
      fc.record({
        min: fc.integer({ min: 0, max: 3 }),
        max: fc.integer({ min: 3, max: 40 }),
        cost: fc.double({ min: 0.01, max: 100, noNaN: true }),
        startSeconds: fc.double({ min: 1, max: 7200, noNaN: true }),
        tokensPerSecond: fc.option(fc.double({ min: 0.1, max: 1e5, noNaN: true })),
        completionSeconds: positive(1e4),
        replicas: fc.integer({ min: 0, max: 50 }),
        ready: fc.integer({ min: 0, max: 50 }),
        shortForSeconds: fc.oneof(positive(1e5), fc.constant(Number.POSITIVE_INFINITY)),
      }),
      { maxLength: 4 },
    );

    fc.assert(
      fc.property(demands, pools, (demand, given) => {
        const named = given.map((pool, i) => ({ ...pool, name: `p${i}` }));

        const first = decideReplicas(demand, named);

        expect(decideReplicas(demand, named)).toEqual(first);
        for (const { name, min, max } of named) {
          const replicas = first.replicas.get(name) ?? Number.NaN;
          expect(Number.isInteger(replicas) && replicas >= min && replicas <= max).toBe(true);
        }
      }),
    );
  });
});
