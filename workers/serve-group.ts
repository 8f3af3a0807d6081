import { crashPoint, dispositionOf, FleetError, underName, withDeadline } from "../core/index.ts";
import type { Engine, GroupHandle } from "../llama/index.ts";
import type { Collector } from "./collector.ts";
import { isExact } from "./lanes.ts";
import type { LeasedGroup } from "./leased-group.ts";
import { orAborted } from "./or-aborted.ts";
import type { PolicyGate } from "./policy-gate.ts";
import type { PolicyOrder } from "./policy-order.ts";
import { type PrepareDeps, type PreparedGroup, prepareGroup } from "./prepare-group.ts";
import type { Room } from "./room.ts";
import { createSampleReports, type SampleReportDeps, type SampleReports } from "./sample-reports.ts";

/** What serving a group needs from the rest of the worker. */
export interface ServeGroupDeps extends PrepareDeps, SampleReportDeps {
  readonly engine: Pick<Engine, "tokenizePrompt" | "generate">;
  readonly gate: Pick<PolicyGate, "admit">;
  readonly room: Pick<Room, "take">;
  readonly collector: Pick<Collector, "deliver" | "release">;
  /** Aborts when the worker stops: what there is, is handed over. */
  readonly stop: AbortSignal;
  /** Aborts when the engine is gone, with the reason. */
  readonly dead: AbortSignal;
}

/** The engine ended under a group. */
class EngineEndedError extends FleetError {
  readonly code = "workers.engine_ended";
  readonly disposition = "retry";
}

/** Longest that an engine may take to give out what it has sampled. */
const HAND_OVER_MS = 10_000;
/** Failures that are the engine's end, not the sample's. */
const ENGINE_ENDED = new Set(["engine-died", "engine-closed"]);

/** One group being served. */
interface Serving {
  readonly group: LeasedGroup;
  readonly deps: ServeGroupDeps;
  readonly reports: SampleReports;
  /** Aborts, with the reason, when the group cannot be finished here. */
  readonly interrupted: AbortSignal;
  readonly onAdmitted: () => void;
}

/**
 * Samples, scores and delivers the group of a lease.
 *
 * Resolves once nothing is expected of this lease: every sample is answered ("served"), or what could not be done (the
 * worker stops, the engine died, the policy could not be had) is released.
 *
 * @param onAdmitted - called when the engine has the samples
 * @throws {CancelledError} when the lease was lost, or the worker lets go of what is not acknowledged
 */
export async function serveGroup(
  group: LeasedGroup,
  deps: ServeGroupDeps,
  onAdmitted: () => void,
): Promise<"served" | "released"> {
  const { lease } = group;
  const { task } = group.address;
  const reports = createSampleReports(group, deps);
  const interrupted = AbortSignal.any([lease.lost, deps.stop, deps.dead]);

  const givenUp = await makeSamples({ group, deps, reports, interrupted, onAdmitted });
  const over = await underName(`the coordinator to answer for task ${task}`, reports.settled());

  lease.lost.throwIfAborted();
  if (givenUp === null && over) return "served";
  const reason = givenUp ?? "sample-failed: the coordinator has to make up for a sample";
  deps.logger.info("lease released", { task, lease: lease.lease, reason });
  lease[Symbol.dispose]();
  await deps.collector.release(lease.lease, task, reason);
  crashPoint("worker.after-release");
  return "released";
}

/**
 * Has every sample of the lease made and reported.
 *
 * @returns null, or why some were not: a stable class, then words
 */
async function makeSamples(serving: Serving): Promise<string | null> {
  const { group, deps, reports, interrupted } = serving;
  try {
    const prepared = await orAborted(prepareGroup(group, deps), interrupted);
    if ("errorClass" in prepared) {
      for (const { sample } of group.granted.samples) reports.failed(sample, prepared);
      return null;
    }
    const order = policyOrder(group);
    const admitted = deps.gate.admit(order, interrupted);
    using admission = await underName(`policy ${order.policy.version} to be active`, admitted);
    deps.logger.debug("group started", { task: group.address.task, version: admission.policy.version });
    await generate(prepared, serving);
    return null;
  } catch (error) {
    if (dispositionOf(error) === "fatal") throw error;
    return `${classOf(error, deps)}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Why a lease is given up: only "engine-died" speaks against the task. */
function classOf(error: unknown, { stop, dead }: ServeGroupDeps): string {
  if (dead.aborted || error instanceof EngineEndedError) return "engine-died";
  return stop.aborted ? "worker-stopping" : "unavailable";
}

async function generate(prepared: PreparedGroup, serving: Serving): Promise<void> {
  const { deps, reports, interrupted, onAdmitted } = serving;
  using place = deps.room.take(prepared.request.samples.length);
  let engineEnded: string | null = null;
  const handle = deps.engine.generate(prepared.request, {
    finished: (completion) => {
      place.sampleEnded();
      reports.finished(completion, prepared);
    },
    failed: (sample, failure) => {
      place.sampleEnded();
      if (ENGINE_ENDED.has(failure.errorClass)) engineEnded = failure.message;
      else reports.failed(sample, failure);
    },
  });
  onAdmitted();
  try {
    const name = `the engine to sample task ${serving.group.address.task}`;
    await underName(name, orAborted(handle.done, interrupted));
  } catch (error) {
    if (!deps.dead.aborted) await handOver(handle, prepared, serving);
    throw error;
  }
  if (engineEnded !== null) throw new EngineEndedError(engineEnded);
}

/** Stops what is still sampled, and reports it unless its lease is lost. */
async function handOver(
  handle: GroupHandle,
  prepared: PreparedGroup,
  { group, deps, reports }: Serving,
): Promise<void> {
  const left = orAborted(handle.handOver(), deps.dead);
  const completions = await withDeadline("the engine to hand over", HAND_OVER_MS, left);
  if (group.lease.lost.aborted) return;
  for (const completion of completions) reports.partial(completion, prepared);
}

function policyOrder({ address, granted: { policy } }: LeasedGroup): PolicyOrder {
  return {
    exact: isExact(address.lane),
    policy: { version: policy?.version ?? 0, adapter: policy?.adapter ?? "" },
  };
}
