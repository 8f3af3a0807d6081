/**
 * A task's spans as its samples' ends tell them. Pure, and the same from the ledger's fold as from the archive, so that
 * a restart of the coordinator costs a trace nothing.
 *
 * @module
 */
import { type FinishedSpan, leaseSpan, stepTrace, type Trace, taskTrace } from "../../telemetry/index.ts";
import type { LeaseSpan, Outcome } from "../ledger/records.ts";

/** What the spans of a task are made from: the ends of its samples, at least one. */
export type EndedSamples = readonly [Outcome, ...Outcome[]];

const QUEUE = "TASKS";

/** The coordinator's spans of a task that is over. */
export function taskSpans(run: string, ends: EndedSamples): FinishedSpan[] {
  const [{ task, lane, instance, history }] = ends;
  const trace = taskTrace(run, task);
  const error = errorOf(ends);
  return [
    {
      name: "task",
      address: trace.root,
      parent: null,
      startMs: history.issuedAt,
      endMs: Math.max(...ends.map((end) => end.history.endedAt)),
      attributes: {
        "fleet.run": run,
        "fleet.lane": lane,
        "fleet.task": task,
        "fleet.instance": instance,
        "fleet.samples": ends.length,
        "fleet.samples.trained": ends.filter(({ outcome }) => outcome === "trained").length,
        "fleet.outcomes": outcomesOf(ends),
      },
      ...(error !== null && { error }),
    },
    ...leasesOf(ends).flatMap((lease, index, all) => leaseSpans(trace, task, lease, all[index - 1])),
    ...trainingSpans(run, trace, ends),
  ];
}

/** The leases that are over, oldest first: the last end knows of most. */
export function leasesOf(ends: EndedSamples): readonly LeaseSpan[] {
  return ends.map(({ history }) => history.leases).reduce((a, b) => (b.length > a.length ? b : a));
}

function leaseSpans(
  trace: Trace,
  task: string,
  { lease, worker, queuedAt, since, until, reason, death }: LeaseSpan,
  before: LeaseSpan | undefined,
): FinishedSpan[] {
  const links = before === undefined ? [] : [leaseSpan(trace, before.lease)];
  return [
    {
      name: "queue",
      address: trace.span("queue", lease),
      parent: trace.root,
      startMs: queuedAt,
      endMs: since,
      attributes: {
        "messaging.system": "nats",
        "messaging.destination.name": QUEUE,
        "messaging.message.id": task,
      },
    },
    {
      name: "lease",
      address: leaseSpan(trace, lease),
      parent: trace.root,
      links,
      startMs: since,
      endMs: until,
      attributes: {
        "fleet.lease": lease,
        "fleet.worker": worker,
        ...(reason !== "" && { "fleet.lease.reason": reason }),
      },
      ...(death !== false && { error: reason }),
    },
  ];
}

/** From the group's last rollout to the policy that came of its batch. */
function trainingSpans(run: string, trace: Trace, ends: EndedSamples): FinishedSpan[] {
  const members = ends.filter(({ history }) => history.batchedAt !== null && history.acceptedAt !== null);
  const [first] = members;
  if (first === undefined || first.step === null) return [];
  const { batchedAt, endedAt } = first.history;
  const attributes = { "fleet.step": first.step, "fleet.samples": members.length };
  const batchedMs = batchedAt ?? endedAt;
  return [
    {
      name: "batch-wait",
      address: trace.span("batch-wait"),
      parent: trace.root,
      startMs: Math.max(...members.map(({ history }) => history.acceptedAt ?? 0)),
      endMs: batchedMs,
      attributes,
    },
    {
      name: "train",
      address: trace.span("train"),
      parent: trace.root,
      links: [stepTrace(run, first.step).root],
      startMs: batchedMs,
      endMs: endedAt,
      attributes,
    },
  ];
}

/** Such as "trained 6" and "skipped (stale) 2". */
function outcomesOf(ends: EndedSamples): string[] {
  const counts = new Map<string, number>();
  for (const { outcome, reason } of ends) {
    const kind = reason === "" ? outcome : `${outcome} (${reason})`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${kind} ${count}`);
}

/** Null where every sample was made and none came too late. */
function errorOf(ends: EndedSamples): string | null {
  const lost = ends.filter(isLost);
  if (lost.length === 0) return null;
  const reasons = [...new Set(lost.map(({ outcome, reason }) => `${outcome}: ${reason}`))];
  return `${lost.length} of ${ends.length} samples ${reasons.join(", ")}`;
}

/** Given up, or too old when it came: what somebody who reads traces looks for. */
export function isLost({ outcome, reason }: Pick<Outcome, "outcome" | "reason">): boolean {
  return outcome === "rejected" || reason === "stale";
}
