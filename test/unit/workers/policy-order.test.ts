import { describe, expect, it } from "vitest";
import { type PolicyState, policyToFollow, stepTowards } from "../../../workers/index.ts";

const policy = (version: number) => ({ version, adapter: `adapter-${version}` });
const stateThat = (overrides: Partial<PolicyState>): PolicyState => ({
  active: policy(3),
  newest: policy(3),
  running: { exact: 0, other: 0 },
  ...overrides,
});
const training = (version: number) => ({ exact: false, policy: policy(version) });
const evaluation = (version: number) => ({ exact: true, policy: policy(version) });

describe("stepTowards", () => {
  it.each([
    {
      case: "training of the active version enters",
      order: training(3),
      state: stateThat({}),
      step: { kind: "enter", under: policy(3) },
    },
    {
      case: "training of an older version enters under the newer one",
      order: training(2),
      state: stateThat({}),
      step: { kind: "enter", under: policy(3) },
    },
    {
      case: "training of a newer version switches, also under running training",
      order: training(4),
      state: stateThat({ running: { exact: 0, other: 2 } }),
      step: { kind: "switch", to: policy(4) },
    },
    {
      case: "training switches to the newest version known, not only to its own",
      order: training(4),
      state: stateThat({ newest: policy(5) }),
      step: { kind: "switch", to: policy(5) },
    },
    {
      case: "training of a newer version waits for evaluation",
      order: training(4),
      state: stateThat({ running: { exact: 1, other: 0 } }),
      step: { kind: "wait" },
    },
    {
      case: "training of the active version runs beside evaluation of it",
      order: training(3),
      state: stateThat({ running: { exact: 1, other: 0 } }),
      step: { kind: "enter", under: policy(3) },
    },
    {
      case: "evaluation of the active version enters beside training",
      order: evaluation(3),
      state: stateThat({ running: { exact: 1, other: 2 } }),
      step: { kind: "enter", under: policy(3) },
    },
    {
      case: "evaluation of an older version waits for everything that runs",
      order: evaluation(2),
      state: stateThat({ running: { exact: 0, other: 1 } }),
      step: { kind: "wait" },
    },
    {
      case: "evaluation of an older version switches back to exactly that on an idle engine",
      order: evaluation(2),
      state: stateThat({ newest: policy(5) }),
      step: { kind: "switch", to: policy(2) },
    },
    {
      case: "evaluation of a newer version never switches under running training",
      order: evaluation(4),
      state: stateThat({ running: { exact: 0, other: 1 } }),
      step: { kind: "wait" },
    },
    {
      case: "anything switches on an engine without a policy",
      order: training(0),
      state: stateThat({ active: null, newest: null }),
      step: { kind: "switch", to: policy(0) },
    },
  ])("$case", ({ order, state, step }) => {
    expect(stepTowards(order, state)).toEqual(step);
  });
});

describe("policyToFollow", () => {
  const newest = policy(4);

  it("is the newest policy while training runs alone", () => {
    expect(policyToFollow(stateThat({ newest, running: { exact: 0, other: 1 } }))).toEqual(newest);
  });

  it("is none while evaluation runs, which must keep its version", () => {
    expect(policyToFollow(stateThat({ newest, running: { exact: 1, other: 1 } }))).toBeNull();
  });

  it("is none on an idle engine, whose next lease says what it needs", () => {
    expect(policyToFollow(stateThat({ newest }))).toBeNull();
  });

  it("is none when the newest is active", () => {
    expect(policyToFollow(stateThat({ running: { exact: 0, other: 1 } }))).toBeNull();
  });
});
