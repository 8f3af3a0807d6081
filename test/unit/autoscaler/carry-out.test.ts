import { describe, expect, it } from "vitest";
import { actionsOf, type PoolPod, type PoolState, reportsOf } from "../../../autoscaler/carry-out.ts";
import type { ScalingAnswer } from "../../../proto/index.ts";

const pod = (name: string, more: Partial<PoolPod> = {}): PoolPod => ({
  name,
  deletionCost: null,
  isGoing: false,
  trouble: "",
  ...more,
});
const spot = (replicas: number | null, ...pods: PoolPod[]): PoolState => ({ name: "spot", replicas, pods });

/** An answer that wants so many workers of the pool, whose workers may go in this order. */
function wanting(replicas: number, ...order: string[]): ScalingAnswer {
  const pool = { name: "spot", replicas, present: 0, min: 0, max: 9, tokensPerSecond: 0, trouble: "" };
  const workers = order.map((name) => ({ name, pool: "spot", busySlots: 0, heldTokens: 0 }));
  return { pools: [pool], why: "", workers };
}

describe("What is written into the cluster", () => {
  it("is nothing where it has what is wanted, and replicas alone where it is to have more", () => {
    expect(actionsOf(wanting(2), [spot(2)], true)).toEqual([]);
    expect(actionsOf(wanting(5), [spot(2, pod("a"), pod("b"))], true)).toEqual([
      { type: "replicas", pool: "spot", from: 2, to: 5 },
    ]);
  });

  it("is first the order in which pods go, then fewer replicas", () => {
    const actions = actionsOf(
      wanting(1, "idle", "new", "old"),
      [spot(3, pod("old"), pod("idle"), pod("new"))],
      true,
    );

    expect(actions).toEqual([
      { type: "deletion-cost", pod: "old", cost: 2 },
      { type: "deletion-cost", pod: "idle", cost: 0 },
      { type: "deletion-cost", pod: "new", cost: 1 },
      { type: "replicas", pool: "spot", from: 3, to: 1 },
    ]);
  });

  it("lets a pod whose worker is not there go before all others, and leaves one alone that is going", () => {
    const pods = [pod("a"), pod("starting"), pod("leaving", { isGoing: true })];

    expect(actionsOf(wanting(1, "a"), [spot(2, ...pods)], false)).toEqual([
      { type: "deletion-cost", pod: "a", cost: 0 },
      { type: "deletion-cost", pod: "starting", cost: -1 },
    ]);
  });

  it("is the order at all times where somebody else sets the replicas, who asks nobody first", () => {
    const pods = [pod("a"), pod("b")];

    expect(actionsOf(wanting(2, "b", "a"), [spot(2, ...pods)], false)).toEqual([
      { type: "deletion-cost", pod: "a", cost: 1 },
      { type: "deletion-cost", pod: "b", cost: 0 },
    ]);
    expect(actionsOf(wanting(2), [spot(2, ...pods)], false)).toEqual([]);
  });

  it("does not write again what is there", () => {
    const pods = [pod("a", { deletionCost: 1 }), pod("b", { deletionCost: 1 })];

    expect(actionsOf(wanting(1, "b", "a"), [spot(2, ...pods)], false)).toEqual([
      { type: "deletion-cost", pod: "b", cost: 0 },
    ]);
  });

  it("is nothing for a pool that has no Deployment, or that nothing is known of", () => {
    expect(actionsOf(wanting(3), [spot(null)], true)).toEqual([]);
    expect(actionsOf(wanting(3), [], true)).toEqual([]);
  });
});

describe("What the coordinator is told", () => {
  it("is what the cluster was asked for, and the first trouble of a pod", () => {
    const pods = [pod("a"), pod("b", { trouble: "0/1 nodes are available" }), pod("c", { trouble: "other" })];

    expect(reportsOf([spot(3, ...pods)], new Map())).toEqual([
      { name: "spot", replicas: 3, trouble: "0/1 nodes are available" },
    ]);
  });

  it("is the name of the Deployment that is missing", () => {
    expect(reportsOf([spot(null)], new Map([["spot", "my-run-worker-spot"]]))).toEqual([
      { name: "spot", replicas: 0, trouble: "there is no Deployment my-run-worker-spot in the namespace" },
    ]);
  });
});
