import { createHash } from "node:crypto";
import { crashPoint } from "../../core/index.ts";
import type {
  CollectMessage,
  FailedSample,
  FinishedSample,
  Heartbeat,
  PartialSample,
  Release,
  Rollout,
  SampleOutcome,
} from "../../proto/index.ts";
import { type CollectAnswers, encodeRollout, type RolloutStore } from "../../transport/index.ts";
import { endLease } from "../leasing/decide-lease.ts";
import type { Core } from "../serving/core.ts";
import { identityProblem, policyProblem, rolloutProblem } from "./check-rollout.ts";
import { holdsSample, judgeFailure, judgeSample, oldestVersion, summarizeRollout } from "./judge-sample.ts";

/** Messages of one worker that are worked on at once. */
const AT_ONCE = 32;

/**
 * Serves one worker's stream: stores each sample, decides, and answers once that is durable. Resolves once every
 * message that was read has been answered.
 */
export async function serveCollect(
  core: Core,
  store: RolloutStore,
  messages: AsyncIterable<CollectMessage>,
  answers: CollectAnswers,
): Promise<void> {
  const working = new Set<Promise<void>>();
  const failure = Promise.withResolvers<never>();
  let hasFailed = false;
  failure.promise.catch(() => {
    hasFailed = true;
  });

  async function takeIn(): Promise<void> {
    for await (const message of messages) {
      if (message.release) await Promise.all(working); // It ends what was sent before it.
      if (hasFailed) return;
      const work = serveMessage(core, store, message, answers).finally(() => working.delete(work));
      work.catch(failure.reject);
      working.add(work);
      if (working.size >= AT_ONCE) await Promise.race(working);
    }
    await Promise.all(working);
  }

  // The stream ends with the first message that cannot be answered, so that its worker sends it again.
  await Promise.race([takeIn(), failure.promise]);
}

async function serveMessage(
  core: Core,
  store: RolloutStore,
  message: CollectMessage,
  answers: CollectAnswers,
): Promise<void> {
  const { finished, partial, failed, heartbeat, release } = message;
  if (finished) return answerSample(core, answers, await takeFinished(core, store, finished));
  if (partial) return answerSample(core, answers, await takePartial(core, store, partial));
  if (failed) return answerSample(core, answers, await takeFailed(core, failed));
  if (heartbeat) return answers.send({ heartbeat: { lost: renewLeases(core, heartbeat) } });
  if (release) return answers.send({ release: await takeRelease(core, release) });
}

function answerSample(core: Core, answers: CollectAnswers, answer: Answer): Promise<void> {
  return answers.send({ sample: { ...answer, keepTrace: core.keepsTrace(answer.task) } });
}

/** The answer about one sample. */
interface Answer {
  readonly task: string;
  readonly sample: number;
  readonly outcome: SampleOutcome;
  readonly reason: string;
}

async function takeFinished(
  core: Core,
  store: RolloutStore,
  { lease, rollout }: FinishedSample,
): Promise<Answer> {
  if (!rollout) return { task: "", sample: 0, outcome: "OUTCOME_REFUSED", reason: "it holds no rollout" };
  const { task, sample, attempt } = rollout;
  const early = refusal(core, rollout);
  if (early !== null) return onceDurable(core, early);
  const problem = problemOf(core, rollout, true);
  if (problem !== null) return refuse(core, lease, problem);
  const stored = await storeRollout(core, store, rollout);
  crashPoint("collect.after-store");
  const late = refusal(core, rollout); // Somebody else may have delivered it meanwhile.
  if (late !== null) return onceDurable(core, late);
  await core.decide({ type: "accepted", task, sample, attempt, rollout: summarizeRollout(rollout, stored) });
  crashPoint("collect.after-append");
  return { task, sample, outcome: "OUTCOME_ACCEPTED", reason: "" };
}

async function takePartial(
  core: Core,
  store: RolloutStore,
  { lease, rollout }: PartialSample,
): Promise<Answer> {
  if (!rollout) return { task: "", sample: 0, outcome: "OUTCOME_REFUSED", reason: "it holds no rollout" };
  const { task, sample } = rollout;
  const notHeld = (): Answer | null =>
    holdsSample(core.state, lease, task, sample)
      ? null
      : { task, sample, outcome: "OUTCOME_CLOSED", reason: `lease ${lease} does not hold it` };
  const early = notHeld() ?? problemOf(core, rollout, false);
  if (early !== null) return onceDurable(core, early);
  const { sequence } = await storeRollout(core, store, rollout);
  crashPoint("collect.after-store-partial");
  const late = notHeld();
  if (late !== null) return onceDurable(core, late);
  await core.decide({ type: "partial", task, sample, sequence, oldest: oldestVersion(rollout) });
  crashPoint("collect.after-append-partial");
  return { task, sample, outcome: "OUTCOME_ACCEPTED", reason: "" };
}

async function takeFailed(core: Core, failure: FailedSample): Promise<Answer> {
  const { task, sample } = failure;
  const decisions = judgeFailure(core.state, failure, core.contextTokens);
  if (decisions.length === 0) {
    const reason = `lease ${failure.lease} does not hold it`;
    return onceDurable(core, { task, sample, outcome: "OUTCOME_CLOSED", reason });
  }
  await core.decide(...decisions);
  crashPoint("collect.after-append-failed");
  return { task, sample, outcome: "OUTCOME_ACCEPTED", reason: "" };
}

/** What cannot be taken is a failure of its sample, so that it is not made again for ever. */
async function refuse(core: Core, lease: string, answer: Answer): Promise<Answer> {
  const { task, sample, reason: message } = answer;
  const failure = { lease, task, sample, errorClass: REFUSED, message, retry: true, contextTokens: 0 };
  const decisions = judgeFailure(core.state, failure, core.contextTokens);
  await (decisions.length > 0 ? core.decide(...decisions) : core.settled());
  return answer;
}

/** The class of a sample whose rollouts were refused. */
const REFUSED = "refused";

/** Renews the leases that are still held; the others are lost to the worker. */
function renewLeases({ state, terms }: Core, { worker, leases }: Heartbeat): string[] {
  return leases.filter((lease) => {
    const isHeld = state.leases.get(lease)?.worker === worker;
    if (isHeld) terms.renew(lease);
    return !isHeld;
  });
}

async function takeRelease(core: Core, { lease, reason }: Release): Promise<{ lease: string }> {
  const death = reason.startsWith(ENGINE_DIED) && ("engine" as const);
  const decisions = endLease(core.state, lease, reason, death);
  await (decisions.length > 0 ? core.decide(...decisions) : core.settled());
  crashPoint("collect.after-append-release");
  return { lease };
}

/** How a worker's reason begins when its engine ended over the lease. */
const ENGINE_DIED = "engine-died";

async function storeRollout(
  { state }: Core,
  store: RolloutStore,
  rollout: Rollout,
): Promise<{ sequence: number; sha256: string }> {
  const bytes = encodeRollout(rollout);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const sequence = await store.put(bytes, sha256);
  if (sequence > state.archivedThrough) return { sequence, sha256 };
  // Stored by an attempt that was never decided about, and passed over by the archive since.
  return { sequence: await store.put(bytes, `${sha256}.${state.archivedThrough}`), sha256 };
}

/** An answer that rests on what was decided waits until that is durable. */
async function onceDurable(core: Core, answer: Answer): Promise<Answer> {
  await core.settled();
  return answer;
}

/** Null while the sample is open. */
function refusal(core: Core, { task, sample, lane }: Rollout): Answer | null {
  const outcome = judgeSample(core.state, task, sample);
  if (outcome === "OUTCOME_ACCEPTED") return null;
  if (outcome === "OUTCOME_DUPLICATE") core.duplicates[lane === "eval" ? "eval" : "train"] += 1;
  return { task, sample, outcome, reason: outcome === "OUTCOME_REFUSED" ? "it was never issued" : "" };
}

function problemOf({ state }: Core, rollout: Rollout, finished: boolean): Answer | null {
  const reason =
    identityProblem(state, rollout) ?? rolloutProblem(rollout, finished) ?? policyProblem(state, rollout);
  if (reason === null) return null;
  return { task: rollout.task, sample: rollout.sample, outcome: "OUTCOME_REFUSED", reason };
}
