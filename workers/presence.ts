import { pause } from "../core/index.ts";
import type { Engine } from "../llama/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { WorkerPresence } from "../transport/index.ts";

/** What of a worker does not change while its engine lives. */
type FixedPresence = Pick<
  WorkerPresence,
  "name" | "device" | "modelDigest" | "quantization" | "variant" | "slots"
>;

/** How a worker announces itself. */
export interface PresenceOptions {
  readonly fixed: FixedPresence;
  readonly engine: Pick<Engine, "status">;
  readonly announce: (presence: WorkerPresence) => Promise<void>;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/**
 * Announces the worker at intervals until `stop` aborts. The policy it names is the one that the engine samples under.
 *
 * @throws what the engine throws when it does not answer, since such an engine is as good as dead
 */
export async function announcePresence(options: PresenceOptions, stop: AbortSignal): Promise<void> {
  let before = { sampledTokens: 0, atMs: performance.now() };
  while (!stop.aborted) {
    const { busySlots, sampledTokens, policy } = await options.engine.status();
    const atMs = performance.now();
    const seconds = Math.max(atMs - before.atMs, 1) / 1_000;
    const tokensPerSecond = (sampledTokens - before.sampledTokens) / seconds;
    before = { sampledTokens, atMs };
    await options
      .announce({ ...options.fixed, busySlots, policyVersion: policy.version, tokensPerSecond })
      .catch((error: unknown) => options.logger.warn("presence not announced", { error }));
    await pause(options.intervalMs, stop);
  }
}
