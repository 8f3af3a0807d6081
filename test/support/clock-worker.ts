import { dispositionOf, pause } from "../../core/index.ts";
import type { Granted, LeaseAnswer } from "../../proto/index.ts";
import type { CoordinatedRun } from "./coordinated-run.ts";
import { openScriptedWorker, type PulledTask, type ScriptedWorker } from "./scripted-worker.ts";

/** What the clock gives. */
export interface ClockEngine {
  /** Tokens of a sample. */
  readonly tokens: number;
  /** How long one takes; they come one after the other. */
  readonly sampleMs: number;
  /** Told of each sample that was accepted. */
  readonly onAccepted?: () => void;
}

const HEARTBEATS_PER_TERM = 5;

/**
 * A worker whose engine is a clock: real NATS, real gRPC, a connection to each, and tokens that nobody sampled, at the
 * pace of real ones. Serves until `signal` aborts, and is then gone in the middle of what it did, without a word.
 */
export async function runClockWorker(
  run: CoordinatedRun,
  name: string,
  engine: ClockEngine,
  signal: AbortSignal,
): Promise<void> {
  const tokens = Array.from({ length: engine.tokens }, (_, i) => i % 1_000);
  await using worker = await openScriptedWorker(run, name);
  while (!signal.aborted) {
    const pulled = await worker.pullUntil(signal);
    if (pulled === null) continue;
    const { granted, held } = await worker.lease(pulled.address).catch(askLater);
    if (granted) await serve(worker, pulled, granted, { ...engine, ids: tokens }, signal);
    else if (held) pulled.nak(held.retryInMs);
    else pulled.ack();
  }
}

/** A coordinator that does not answer in time is asked again. */
function askLater(error: unknown): Partial<LeaseAnswer> {
  if (dispositionOf(error) !== "retry") throw error;
  return { held: { retryInMs: 1_000 } };
}

async function serve(
  worker: ScriptedWorker,
  pulled: PulledTask,
  granted: Granted,
  { ids, sampleMs, onAccepted }: ClockEngine & { readonly ids: readonly number[] },
  signal: AbortSignal,
): Promise<void> {
  const served = new AbortController();
  const beating = beat(worker, pulled, granted, AbortSignal.any([signal, served.signal]));
  try {
    for (const { sample } of granted.samples) {
      await pause(sampleMs, signal);
      if (signal.aborted) return;
      const { outcome } = await worker.finish(pulled, granted, sample, { reward: sample % 2, tokens: ids });
      if (outcome === "OUTCOME_ACCEPTED") onAccepted?.();
    }
    pulled.ack();
  } finally {
    served.abort();
    await beating;
  }
}

async function beat(
  worker: ScriptedWorker,
  pulled: PulledTask,
  { lease, termMs }: Granted,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(termMs / HEARTBEATS_PER_TERM, signal);
    if (signal.aborted) return;
    pulled.working();
    await worker.heartbeat([lease]).catch((error: unknown) => {
      if (dispositionOf(error) !== "retry") throw error;
    });
  }
}
