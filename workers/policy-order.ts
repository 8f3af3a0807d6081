/**
 * Which policy the engine must sample under, and when it may change. An evaluation group names an exact version and
 * is sampled wholly under it; a training group wants the version that its lease names or a newer one. One policy is
 * active at a time, so what does not go together waits.
 *
 * @module
 */
import { FleetError } from "../core/index.ts";
import type { Policy } from "../llama/index.ts";

/** A version was seen with two adapters, which must never happen. */
class PolicyConflictError extends FleetError {
  readonly code = "workers.policy_conflict";
  readonly disposition = "fatal";
}

/** What a group asks for. */
export interface PolicyOrder {
  /** True for evaluation: this version and no other, from the first token to the last. */
  readonly exact: boolean;
  readonly policy: Policy;
}

/** What the engine does now. */
export interface PolicyState {
  /** Null until a first policy was made active. */
  readonly active: Policy | null;
  /** The newest policy of training known, if any. */
  readonly newest: Policy | null;
  /** Groups admitted and not yet ended. */
  readonly running: { readonly exact: number; readonly other: number };
}

/** What must happen next before a group may start. */
export type PolicyStep =
  | { readonly kind: "enter"; readonly under: Policy }
  | { readonly kind: "wait" }
  | { readonly kind: "switch"; readonly to: Policy };

/**
 * Decides how a group gets its policy. Going back to an older version (a late evaluation) waits for everything that
 * runs; going forward waits for evaluation only.
 */
export function stepTowards({ exact, policy }: PolicyOrder, state: PolicyState): PolicyStep {
  const { active, newest, running } = state;
  if (exact) {
    if (active?.version === policy.version) return { kind: "enter", under: active };
    return running.exact + running.other > 0 ? { kind: "wait" } : { kind: "switch", to: policy };
  }
  if (active !== null && active.version >= policy.version) return { kind: "enter", under: active };
  if (running.exact > 0) return { kind: "wait" };
  return { kind: "switch", to: newer(policy, newest) };
}

/**
 * The policy to change to under running training groups; null when there is none. An idle engine is not changed:
 * the next group's lease says what it needs.
 */
export function policyToFollow({ active, newest, running }: PolicyState): Policy | null {
  if (newest === null || running.exact > 0 || running.other === 0) return null;
  return active !== null && active.version >= newest.version ? null : newest;
}

/** The one with the higher version. */
export function newer(policy: Policy, other: Policy | null): Policy {
  return other !== null && other.version > policy.version ? other : policy;
}

/**
 * Checks that a policy agrees with those already known.
 *
 * @throws {PolicyConflictError} when a known one has its version and another adapter
 */
export function assertSameAdapter(policy: Policy, ...known: readonly (Policy | null)[]): void {
  const conflict = known.find(
    (other) => other?.version === policy.version && other.adapter !== policy.adapter,
  );
  if (conflict) {
    throw new PolicyConflictError(
      `policy ${policy.version} names two adapters, "${conflict.adapter}" and "${policy.adapter}"`,
    );
  }
}
