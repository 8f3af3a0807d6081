import { longestWaits, pause } from "../core/index.ts";
import type { Engine, EngineStatus } from "../llama/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { WorkerPresence } from "../transport/index.ts";

/** What of a worker does not change while its engine lives. */
type FixedPresence = Pick<
  WorkerPresence,
  "name" | "pool" | "device" | "modelDigest" | "quantization" | "variant" | "slots"
>;

/** How a worker announces itself. */
export interface PresenceOptions {
  readonly fixed: FixedPresence;
  readonly engine: Pick<Engine, "status">;
  /** Told of each status of the engine. */
  readonly onStatus?: (status: EngineStatus) => void;
  readonly announce: (presence: WorkerPresence) => Promise<void>;
  readonly intervalMs: number;
  /** Aborts when the worker begins to go. */
  readonly draining: AbortSignal;
  readonly logger: Logger;
}

/** Tokens/s is the mean over this long, since sampling comes in bursts. */
const SPEED_WINDOW_MS = 15_000;

/** Tokens that an engine had sampled at a time. */
interface Reading {
  readonly sampledTokens: number;
  readonly atMs: number;
}

/**
 * Announces the worker at intervals until `stop` aborts, and that it goes, however soon it is gone. The policy it names is
 * the one that the engine samples under.
 *
 * @throws what the engine throws when it does not answer, since such an engine is as good as dead
 */
export async function announcePresence(options: PresenceOptions, stop: AbortSignal): Promise<void> {
  const { draining, logger } = options;
  let readings: Reading[] = [{ sampledTokens: 0, atMs: performance.now() }];
  let last: WorkerPresence | null = null;
  const announce = (presence: WorkerPresence) =>
    options.announce(presence).catch((error: unknown) => logger.warn("presence not announced", { error }));
  while (!stop.aborted) {
    const status = await options.engine.status();
    const { busySlots, sampledTokens, policy } = status;
    options.onStatus?.(status);
    const now = { sampledTokens, atMs: performance.now() };
    readings = [...readings.filter(({ atMs }) => now.atMs - atMs <= SPEED_WINDOW_MS), now];
    const tokensPerSecond = speedOf(readings);
    last = {
      ...options.fixed,
      busySlots,
      policyVersion: policy.version,
      tokensPerSecond,
      draining: draining.aborted,
      wait: longestWait(),
    };
    await announce(last);
    if (draining.aborted && !last.draining) continue;
    await pause(options.intervalMs, last.draining ? stop : AbortSignal.any([stop, draining]));
  }
  if (draining.aborted && last !== null && !last.draining) await announce({ ...last, draining: true });
}

function longestWait(): WorkerPresence["wait"] {
  const [longest] = longestWaits(1);
  if (longest === undefined) return null;
  const { name, ms, deadlineMs } = longest;
  return { name, ms, deadlineMs: Number.isFinite(deadlineMs) ? deadlineMs : null };
}

function speedOf(readings: readonly Reading[]): number {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined || first === last) return 0;
  return (1_000 * (last.sampledTokens - first.sampledTokens)) / (last.atMs - first.atMs);
}
