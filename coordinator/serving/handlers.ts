import { crashPoint, FleetError } from "../../core/index.ts";
import type { Completion, LeaseAnswerInit, LeaseRequest, MissingSampleInit } from "../../proto/index.ts";
import {
  decodeRollout,
  type FleetHandlers,
  type RolloutStore,
  type WorkerPresence,
} from "../../transport/index.ts";
import { fetchPolicy, type PolicyStores, publishPolicy, skipStep } from "../batching/publish-policy.ts";
import { rollback } from "../batching/rollback.ts";
import { serveBatches } from "../batching/serve-batches.ts";
import { fetchRollout } from "../collecting/fetch-rollout.ts";
import { serveCollect } from "../collecting/serve-collect.ts";
import { policyOf } from "../issuing/dispatcher.ts";
import { judgeLease } from "../leasing/decide-lease.ts";
import type { TaskRecord } from "../ledger/records.ts";
import type { Scaler } from "../scaling/scaler.ts";
import { scalingAnswer } from "../scaling/scaling-answer.ts";
import { statusOf } from "../summary/status.ts";
import type { Core } from "./core.ts";

/** Somebody asked for another run than the one served here. */
export class OtherRunError extends FleetError {
  readonly code = "coordinator.other_run";
  readonly disposition = "reject";
}

/** When a worker that may not have a task now is to ask again. */
const LATER_MS = 1_000;

/** What the handlers answer from. */
export interface HandlerParts {
  readonly core: Core;
  readonly store: RolloutStore;
  readonly policies: PolicyStores;
  readonly termMs: number;
  readonly nats: { readonly url: string; readonly user: string; readonly password: string };
  readonly runJson: string;
  readonly scaler: Scaler;
  /** Who is there, as last seen. */
  workers(): readonly WorkerPresence[];
}

/** The coordinator's side of every call. */
export function createHandlers(parts: HandlerParts): FleetHandlers {
  const { core, store, policies } = parts;
  const { state } = core;
  let baseLayout = ""; // Whoever has the base says it again whenever it joins.
  return {
    connect: async ({ role, layout }) => {
      if (layout !== "") baseLayout = layout;
      return {
        run: state.run,
        baseDigest: state.base,
        runJson: parts.runJson,
        baseLayout,
        ...(role === "worker" && {
          natsUrl: parts.nats.url,
          natsUser: parts.nats.user,
          natsPassword: parts.nats.password,
        }),
      };
    },
    status: async () => statusOf(core, parts.workers(), parts.scaler.plan()),
    scaling: async ({ pools }) => {
      parts.scaler.report(pools);
      return scalingAnswer(core, parts.workers(), parts.scaler.plan());
    },
    pause: async () => {
      if (state.phase !== "running") return { message: `the run is ${state.phase}; nothing to pause` };
      await core.decide({ type: "paused" });
      return { message: "paused: no new tasks are issued; what is out is finished and kept" };
    },
    unpause: async () => {
      if (state.phase !== "paused") return { message: `the run is ${state.phase}, not paused` };
      await core.decide({ type: "resumed" });
      return { message: "the run goes on" };
    },
    stopAfter: async (step) => {
      if (state.stopAfter !== null && state.composed >= state.stopAfter) {
        return { message: `the run ends after step ${state.stopAfter} already: its last batch is out` };
      }
      const afterStep = Math.max(step, state.composed);
      await core.decide({ type: "stop_requested", afterStep });
      const why = afterStep > step ? `; step ${step} is over, and batch ${afterStep} is out already` : "";
      return { message: `the run ends after step ${afterStep}, with its final evaluation${why}` };
    },
    rollback: (request) => rollback(core, policies, request),
    lease: (request) => answerLease(parts, request),
    collect: (messages, answers) => serveCollect(core, store, messages, answers),
    batches: (open, { signal }) => {
      assertSameRun(core, open.run);
      return serveBatches(core, store, open, signal);
    },
    publishPolicy: async (header, adapter) => {
      assertSameRun(core, header.run);
      return publishPolicy(core, policies, header, adapter);
    },
    fetchPolicy: async ({ run, version }) => {
      assertSameRun(core, run);
      return fetchPolicy(core, policies, version);
    },
    skipStep: async (request) => {
      assertSameRun(core, request.run);
      return skipStep(core, policies, request);
    },
  };
}

async function answerLease(parts: HandlerParts, request: LeaseRequest): Promise<LeaseAnswerInit> {
  const { core, termMs } = parts;
  assertSameRun(core, request.run);
  const verdict = judgeLease(core.state, request);
  if (verdict.kind === "settled") {
    await core.settled();
    return { settled: {} };
  }
  if (verdict.kind === "later") return { held: { retryInMs: LATER_MS } };
  if (verdict.kind === "held") {
    return { held: { retryInMs: Math.ceil(core.terms.remainingMs(verdict.lease)) } };
  }
  const { decision, task } = verdict;
  core.terms.renew(decision.lease);
  const missing = decision.samples.map((sample) => ({
    sample,
    prefix: task.samples[sample]?.prefix ?? null,
  }));
  await core.decide(decision);
  crashPoint("lease.after-append");
  const samples = await Promise.all(missing.map((entry) => missingSample(parts, task, entry)));
  return {
    granted: { lease: decision.lease, samples, policy: policyOf(core.state, decision.version), termMs },
  };
}

async function missingSample(
  { store }: HandlerParts,
  task: TaskRecord,
  { sample, prefix }: { sample: number; prefix: { readonly sequence: number } | null },
): Promise<MissingSampleInit> {
  const attempt = task.samples[sample]?.attempt ?? 1;
  const completion: Completion | null | undefined =
    prefix === null ? null : decodeRollout(await fetchRollout(store, task.task, prefix.sequence)).completion;
  return completion ? { sample, attempt, prefix: completion } : { sample, attempt };
}

function assertSameRun({ state }: Core, run: string): void {
  if (run !== state.run) throw new OtherRunError(`this coordinator serves run ${state.run}, not ${run}`);
}
