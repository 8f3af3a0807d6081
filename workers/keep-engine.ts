import { backoffMs, type Clock, dispositionOf, FleetError, pause } from "../core/index.ts";
import type { Logger } from "../telemetry/index.ts";

/** The engine dies again and again; another process, or another machine, may do better. */
class EngineUnstableError extends FleetError {
  readonly code = "workers.engine_unstable";
  readonly disposition = "fatal";
}

/** How an engine is kept. */
export interface KeepEngineOptions<Engine extends AsyncDisposable> {
  readonly open: () => Promise<Engine>;
  /** Works with an engine; resolves when the worker is to stop, throws what ended the engine. */
  readonly live: (engine: Engine) => Promise<void>;
  /** Told of each death that is answered with another engine. */
  readonly onDeath?: () => void;
  readonly restart: { readonly firstMs: number; readonly mostMs: number };
  readonly clock: Clock;
  readonly logger: Logger;
}

const DEATHS_AT_MOST = 3;
const DEATHS_WITHIN_MS = 60_000;

/**
 * Opens an engine, works with it and, when it dies, opens another after a pause that doubles, until `stop` aborts.
 *
 * @throws {EngineUnstableError} at the third death within a minute
 * @throws what can not be mended by another try: a wrong model, a broken invariant
 */
export async function keepEngine<Engine extends AsyncDisposable>(
  { open, live, restart, clock, logger, onDeath = () => {} }: KeepEngineOptions<Engine>,
  stop: AbortSignal,
): Promise<void> {
  let deathsAtMs: number[] = [];

  async function liveOnce(): Promise<void> {
    await using engine = await open();
    await live(engine);
  }

  while (!stop.aborted) {
    try {
      await liveOnce();
    } catch (error) {
      if (dispositionOf(error) !== "retry") throw error;
      const nowMs = clock.monotonicMs();
      deathsAtMs = [...deathsAtMs.filter((atMs) => nowMs - atMs < DEATHS_WITHIN_MS), nowMs];
      if (deathsAtMs.length >= DEATHS_AT_MOST) throw unstable(deathsAtMs.length, error);
      const pauseMs = backoffMs(deathsAtMs.length - 1, restart.firstMs, restart.mostMs);
      onDeath();
      logger.warn("engine died", { restartInMs: pauseMs, error });
      await pause(pauseMs, stop);
    }
  }
}

function unstable(deaths: number, cause: unknown): EngineUnstableError {
  const last = cause instanceof Error ? cause.message : String(cause);
  return new EngineUnstableError(`the engine died ${deaths} times within a minute, last: ${last}`, { cause });
}
