import { CancelledError, crashPoint, withDeadline } from "../core/index.ts";
import type { Engine, Policy } from "../llama/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { AdapterShelf } from "./adapter-shelf.ts";
import { createCondition } from "./condition.ts";
import { orAborted } from "./or-aborted.ts";
import { assertSameAdapter, newer, type PolicyOrder, policyToFollow, stepTowards } from "./policy-order.ts";

/** A group's leave to be sampled; while it is held, an evaluation group's policy stays. */
interface Admission extends Disposable {
  /** The policy that is active now. */
  readonly policy: Policy;
}

/** Lets groups to the engine under the policy that they ask for, one decision at a time, in the order they came. */
export interface PolicyGate {
  /**
   * Waits until the engine samples under what the group asks for, loading and activating it if need be.
   *
   * @throws {DeadlineError} when running groups did not end in time
   * @throws {CancelledError} when `signal` aborts
   * @throws {PolicyConflictError} when the order names a known version with another adapter
   * @throws what the store or the engine throws: the policy could not be had, and no other is served instead
   */
  admit(order: PolicyOrder, signal: AbortSignal): Promise<Admission>;
  /**
   * Tells of a policy of training: it is loaded ahead and, under running training groups, activated. What fails is
   * logged and tried again with the next group or call.
   *
   * @throws {PolicyConflictError} when a known policy has its version and another adapter
   */
  follow(policy: Policy): Promise<void>;
  /**
   * Loads an adapter that may become a policy's ahead, out of bytes that are still under way; it is kept until another
   * one is expected.
   *
   * @throws what `bytes` or the engine throws; following the policy tries again
   */
  expect(adapter: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Null until a first policy was made active. */
  readonly active: Policy | null;
}

/** What the gate acts on. */
export interface PolicyGateDeps {
  readonly engine: Pick<Engine, "activate">;
  readonly shelf: AdapterShelf;
  readonly onPolicyUpdate: "keep" | "recompute" | "drain";
  /** Longest wait for running groups to end. */
  readonly waitMs: number;
  readonly logger: Logger;
  /** Told that the newest policy can be activated at once; an idle engine leaves it at that. */
  readonly onLoaded?: () => void;
  /** Told of each policy that the engine samples under from now on, and when it was ordered to, in ms since the epoch. */
  readonly onActive?: (policy: Policy, orderedMs: number) => void;
}

/** A gate in front of an engine that was just opened. */
export function createPolicyGate(deps: PolicyGateDeps): PolicyGate {
  const { engine, shelf, logger } = deps;
  const admissions = new Set<{ readonly exact: boolean }>();
  const condition = createCondition();
  let active: Policy | null = null;
  let newest: Policy | null = null;
  let expected = "";
  let turn: Promise<unknown> = Promise.resolve();

  function exclusive<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  }

  const state = () => {
    const exact = [...admissions].filter((admission) => admission.exact).length;
    return { active, newest, running: { exact, other: admissions.size - exact } };
  };

  async function switchTo(policy: Policy): Promise<void> {
    await shelf.ensure(policy.adapter);
    crashPoint("worker.after-load");
    const orderedMs = Date.now();
    await engine.activate(policy, deps.onPolicyUpdate);
    active = policy;
    deps.onActive?.(policy, orderedMs);
    logger.info("policy active", { version: policy.version, adapter: policy.adapter });
    await tidy();
  }

  async function tidy(): Promise<void> {
    const keep = new Set([active?.adapter ?? "", newest?.adapter ?? "", expected]);
    await shelf.prune(keep).catch((error) => logger.warn("adapter not freed", { error }));
  }

  function enter({ exact }: PolicyOrder, policy: Policy): Admission {
    const admission = { exact };
    admissions.add(admission);
    return {
      policy,
      [Symbol.dispose]: () => {
        admissions.delete(admission);
        condition.changed();
        void followNewest();
      },
    };
  }

  async function waitForEnd(order: PolicyOrder, signal: AbortSignal): Promise<void> {
    const ended = condition.until(() => stepTowards(order, state()).kind !== "wait", signal);
    const name = `running groups to end, so that policy ${order.policy.version} can be sampled`;
    await withDeadline(name, deps.waitMs, ended, signal);
  }

  async function admitInTurn(order: PolicyOrder, signal: AbortSignal): Promise<Admission> {
    if (signal.aborted) throw new CancelledError("the group is no longer wanted", { cause: signal.reason });
    assertSameAdapter(order.policy, active, newest);
    const step = stepTowards(order, state());
    if (step.kind === "enter") return enter(order, step.under);
    if (step.kind === "wait") {
      await waitForEnd(order, signal);
    } else {
      await orAborted(shelf.ensure(step.to.adapter), signal);
      await switchTo(step.to);
    }
    return await admitInTurn(order, signal);
  }

  async function followNewest(): Promise<void> {
    await exclusive(async () => {
      const policy = policyToFollow(state());
      if (policy !== null) await switchTo(policy);
      else await tidy();
    }).catch((error) => logger.warn("policy not activated", { version: newest?.version, error }));
  }

  return {
    get active() {
      return active;
    },
    admit: (order, signal) => exclusive(() => admitInTurn(order, signal)),
    follow: async (policy) => {
      assertSameAdapter(policy, active, newest);
      newest = newer(policy, newest);
      await shelf.ensure(newest.adapter).then(
        () => deps.onLoaded?.(),
        (error) => logger.warn("policy not loaded ahead", { version: policy.version, error }),
      );
      await followNewest();
    },
    expect: async (adapter, bytes) => {
      expected = adapter;
      await shelf.ensure(adapter, bytes);
    },
  };
}
