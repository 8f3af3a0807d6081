import { crashPoint, dispositionOf, FleetError, type Shutdown, withDeadline } from "../../core/index.ts";
import type { GradientEngine } from "../../llama/index.ts";
import type { BatchMessage, Rewind } from "../../proto/index.ts";
import { type Logger, noTelemetry, type Telemetry } from "../../telemetry/index.ts";
import type { FleetClient } from "../../transport/index.ts";
import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import type { CheckpointStore } from "../checkpoints/checkpoint-store.ts";
import { UnusableCheckpointError } from "../checkpoints/errors.ts";
import { MalformedBatchError } from "../grpo/training-batch.ts";
import { oneAhead } from "./one-ahead.ts";
import { type ReceivedBatch, receivedBatches } from "./received-batches.ts";
import { stateOfPolicy } from "./rewind.ts";
import type { StepTracer } from "./trace-step.ts";
import { type StepSettings, trainStep } from "./train-step.ts";

/** A coordinator answers the opening of a session once it has replayed its ledger. */
const OPENING_MS = 120_000;
/** After this long without a batch the session is opened anew. */
const NEXT_BATCH_MS = 3_600_000;

/** The coordinator's end of a session was lost. */
export class SessionLostError extends FleetError {
  readonly code = "updater.session_lost";
  readonly disposition = "retry";
}

/** What a session works with. */
export interface SessionParts {
  readonly run: string;
  readonly coordinator: Pick<FleetClient, "batches" | "publishPolicy" | "skipStep" | "fetchPolicy">;
  readonly engine: Pick<
    GradientEngine,
    "lanes" | "forward" | "backward" | "takeGradients" | "writeParameters"
  >;
  readonly store: CheckpointStore;
  /** The state before step 1. */
  readonly start: Checkpoint;
  readonly settings: StepSettings;
  /** The adapter's GGUF. */
  readonly encode: (parameters: Float32Array) => Uint8Array;
  readonly log: Logger;
  /** Left out: nobody asks. */
  readonly telemetry?: Telemetry;
  readonly trace: StepTracer;
}

/**
 * One session with the coordinator: trains batch after batch from `start` on. Each step is on disk before it is
 * published, and published before the next begins; a step that the coordinator has not heard of is published again.
 * Where the run went back to an older policy, training goes on from that one.
 *
 * @returns why the run ended, or null when `shutdown.stop` ended the session between two steps
 * @throws {SessionLostError} and whatever disposition the transport gives a lost connection
 */
export async function runSession(
  parts: SessionParts,
  start: Checkpoint,
  shutdown: Shutdown,
): Promise<string | null> {
  const stream = new AbortController();
  const signal = AbortSignal.any([stream.signal, shutdown.abandon]);
  try {
    const messages = parts.coordinator
      .batches({ run: parts.run, step: start.step, adapter: start.adapter }, { signal })
      [Symbol.asyncIterator]();
    const { epoch, state } = await open(messages, parts, start, shutdown);
    return await trainBatches(messages, parts, state, epoch, shutdown);
  } catch (error) {
    if (shutdown.stop.aborted && dispositionOf(error) === "cancelled") return null;
    throw error;
  } finally {
    stream.abort();
  }
}

async function open(
  messages: AsyncIterator<BatchMessage>,
  parts: SessionParts,
  start: Checkpoint,
  { stop, abandon }: Shutdown,
): Promise<{ epoch: number; state: Checkpoint }> {
  const first = await withDeadline("the trainer's session to open", OPENING_MS, messages.next(), stop);
  const opened = first.done ? undefined : first.value.opened;
  if (!opened) throw new SessionLostError("the session ended before it was opened");
  parts.telemetry?.health.lacks("coordinator", null);
  parts.log.info("session opened", { epoch: opened.epoch, step: opened.step });
  crashPoint("session.after-open");
  if (opened.rewind) {
    const isBack = start.step === opened.step && start.adapter === opened.rewind.adapter;
    const state = isBack ? start : await goBack(parts, opened.step, opened.rewind);
    if (state.adapter !== "") await publish(parts, state, opened.epoch, abandon);
    return { epoch: opened.epoch, state };
  }
  if (opened.step === start.step - 1) await publish(parts, start, opened.epoch, abandon);
  else if (opened.step !== start.step) {
    throw new UnusableCheckpointError(
      `the newest checkpoint is of step ${start.step}, the run is at step ${opened.step}: it cannot go on from there`,
    );
  }
  return { epoch: opened.epoch, state: start };
}

/** Takes an older policy for that of the newest step, on disk and in the engine. */
async function goBack(parts: SessionParts, step: number, rewind: Rewind): Promise<Checkpoint> {
  const { state, from } = await stateOfPolicy(parts, step, rewind);
  await parts.store.save(state);
  await parts.engine.writeParameters(state.parameters);
  parts.log.warn("went back", { step, source: rewind.source, from });
  return state;
}

async function trainBatches(
  messages: AsyncIterator<BatchMessage>,
  parts: SessionParts,
  start: Checkpoint,
  epoch: number,
  { stop, abandon }: Shutdown,
): Promise<string | null> {
  const { clock } = parts.settings;
  let ended: string | null = null;
  const batches = oneAhead(receivedBatches(messages, (reason) => (ended = reason)));
  let state = start;
  while (!stop.aborted) {
    const waitFromMs = clock.monotonicMs();
    const next = await withDeadline("the next batch", NEXT_BATCH_MS, batches.next(), stop);
    if (next.done) {
      if (ended === null) throw new SessionLostError("the stream of batches ended before the run");
      return ended;
    }
    const waitSeconds = (clock.monotonicMs() - waitFromMs) / 1000;
    parts.telemetry?.metrics.add("fleet.updater.seconds", waitSeconds, { phase: "wait" });
    state = await makeStep(parts, state, next.value, waitSeconds);
    await publish(parts, state, epoch, abandon);
  }
  return null;
}

/** Trains a batch, and keeps what came of it on disk and in the engine. */
async function makeStep(
  { engine, store, settings, log, telemetry, trace }: SessionParts,
  state: Checkpoint,
  batch: ReceivedBatch,
  waitSeconds: number,
): Promise<Checkpoint> {
  if (batch.step !== state.step + 1) {
    throw new MalformedBatchError(`got the batch of step ${batch.step} after step ${state.step}`);
  }
  const { clock } = settings;
  const { metrics } = telemetry ?? noTelemetry;
  const beganMs = clock.wallMs();
  const startedMs = clock.monotonicMs();
  const trained = await trainStep(engine, state, batch, settings);
  const trainedMs = clock.monotonicMs();
  crashPoint("step.after-optimizer");
  const next = { ...trained, metrics: { ...trained.metrics, waitSeconds } };
  await store.save(next);
  if (next.skipped === "") await engine.writeParameters(next.parameters);
  const savedMs = clock.monotonicMs();
  trace.trained(batch, next, { beganMs, trainMs: trainedMs - startedMs, saveMs: savedMs - trainedMs });
  metrics.add("fleet.updater.seconds", (trainedMs - startedMs) / 1000, { phase: "train" });
  metrics.add("fleet.updater.seconds", (savedMs - trainedMs) / 1000, { phase: "save" });
  metrics.add("fleet.updater.steps", 1, { outcome: next.skipped === "" ? "trained" : "skipped" });
  metrics.add("fleet.updater.tokens", Number(trained.metrics.trainedTokens ?? 0), {});
  log.info(next.skipped === "" ? "step trained" : "step skipped", {
    step: next.step,
    adapter: next.adapter,
    reason: next.skipped,
    ...next.metrics,
  });
  return next;
}

async function publish(
  { run, coordinator, encode, log, settings, telemetry, trace }: SessionParts,
  { step, adapter, parameters, skipped, metrics }: Checkpoint,
  epoch: number,
  signal: AbortSignal,
): Promise<void> {
  const beganMs = settings.clock.wallMs();
  const startedMs = settings.clock.monotonicMs();
  crashPoint("step.before-publish");
  if (skipped !== "") await coordinator.skipStep({ run, step, epoch, reason: skipped }, { signal });
  else {
    const header = { run, step, epoch, adapter, metrics };
    await coordinator.publishPolicy(header, encode(parameters), { signal });
  }
  crashPoint("step.after-publish");
  const seconds = (settings.clock.monotonicMs() - startedMs) / 1000;
  telemetry?.metrics.add("fleet.updater.seconds", seconds, { phase: "publish" });
  trace.published({ step, adapter }, beganMs, 1000 * seconds);
  log.debug("policy published", { step, adapter });
}
