import type { Policy } from "../llama/index.ts";
import { type FinishedSpan, stepTrace, type Traces } from "../telemetry/index.ts";

/** Tells, in the trace of the step that made it, how a policy came to be sampled under here. */
export interface PolicyTrace {
  /** An adapter is fetched or in the engine, now. */
  prepared(adapter: string, phase: "download" | "load", seconds: number): void;
  /** The engine samples under the policy from now on; it was ordered to at `orderedMs`. */
  active(policy: Policy, orderedMs: number): void;
}

/** Adapters whose times are remembered until their policy is active. */
const REMEMBERED = 16;

/** Traces what one worker makes of the run's policies. */
export function tracePolicies(traces: Traces, run: string, worker: string): PolicyTrace {
  if (!traces.isOn) return { prepared: () => {}, active: () => {} };
  const times = new Map<string, Pick<FinishedSpan, "name" | "startMs" | "endMs">[]>();

  function spanOf(
    { version, adapter }: Policy,
    { name, startMs, endMs }: Pick<FinishedSpan, "name" | "startMs" | "endMs">,
  ): FinishedSpan {
    const trace = stepTrace(run, version);
    return {
      name,
      address: trace.span(name, worker, startMs),
      parent: trace.root,
      startMs,
      endMs,
      attributes: {
        "fleet.worker": worker,
        "fleet.policy.version": version,
        "fleet.policy.adapter": adapter,
      },
    };
  }

  return {
    prepared: (adapter, phase, seconds) => {
      const endMs = Date.now();
      const known = times.get(adapter) ?? [];
      times.set(adapter, [...known, { name: phase, startMs: endMs - 1_000 * seconds, endMs }]);
      const [oldest] = times.keys();
      if (times.size > REMEMBERED && oldest !== undefined) times.delete(oldest);
    },
    active: (policy, orderedMs) => {
      if (policy.version === 0) return; // No step made it.
      const activation = { name: "activate", startMs: orderedMs, endMs: Date.now() } as const;
      const all = [...(times.get(policy.adapter) ?? []), activation];
      times.delete(policy.adapter);
      traces.end(...all.map((times) => spanOf(policy, times)));
    },
  };
}
