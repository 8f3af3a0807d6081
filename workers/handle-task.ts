import { crashPoint, dispositionOf } from "../core/index.ts";
import type { Granted, LeaseAnswer } from "../proto/index.ts";
import { type Logger, readTraceparent } from "../telemetry/index.ts";
import { type TaskAddress, taskAddress } from "../transport/index.ts";

/** The part of a JetStream message that the worker needs. */
export interface Delivery {
  /** `tasks.<run>.<lane>.<variant>.<task>.<dispatch>`; all that is needed to ask for a lease. */
  readonly subject: string;
  readonly data: Uint8Array;
  /** W3C trace context that the task came with; empty when it had none. */
  readonly traceparent: string;
  /** Settled; never deliver again. */
  ack(): void;
  /** Deliver again after `delayMs`, to any worker. */
  nak(delayMs?: number): void;
  /** Still busy; restart the redelivery timer. */
  working(): void;
}

/** What the handler needs from the rest of the worker. */
export interface HandleTaskDeps {
  /** Asks whether the task still stands, and which of its samples are missing. */
  lease(address: TaskAddress): Promise<LeaseAnswer>;
  /**
   * Generates, scores and delivers the samples of a lease. Resolves once every one of them is durable, rejected with
   * its reason ("served"), or released; rejects when the coordinator may still expect something of this delivery.
   */
  serve(granted: Granted, address: TaskAddress, delivery: Delivery): Promise<"served" | "released">;
  /** Delay before a delivery that failed on infrastructure is tried again. */
  readonly retryDelayMs: number;
  readonly logger: Logger;
}

/** How a delivery ended. */
export type Outcome = "served" | "released" | "settled" | "held" | "handed-back";

/** A delivery's `ack_wait` is at least this many times the interval of `working()`. */
const SIGNS_OF_LIFE_PER_TERM = 6;

/**
 * Serves one delivery.
 *
 * It is acknowledged only when the coordinator has nothing left to expect from it, so a crash at any point leads to
 * redelivery, and a lost or late acknowledgement costs one question.
 *
 * @throws what is fatal; the delivery is then left as it is, to be redelivered when this process is gone
 */
export async function handleTask(delivery: Delivery, deps: HandleTaskDeps): Promise<Outcome> {
  const address = taskAddress(delivery.subject);
  const { task, dispatch, lane } = address;
  const trace = readTraceparent(delivery.traceparent)?.traceId;
  const logger = deps.logger.child({ task, dispatch, lane, ...(trace && { trace }) });
  try {
    const { granted, held } = await deps.lease(address);
    if (granted) return await serve(granted, address, delivery, deps, logger);
    if (held) {
      tell(() => delivery.nak(held.retryInMs));
      return "held";
    }
    tell(() => delivery.ack());
    return "settled";
  } catch (error) {
    if (dispositionOf(error) === "fatal") throw error;
    logger.warn("task handed back", { error });
    tell(() => delivery.nak(deps.retryDelayMs));
    return "handed-back";
  }
}

async function serve(
  granted: Granted,
  address: TaskAddress,
  delivery: Delivery,
  deps: HandleTaskDeps,
  logger: Logger,
): Promise<Outcome> {
  crashPoint("worker.after-lease");
  logger.debug("lease granted", { lease: granted.lease, samples: granted.samples.length });
  const alive = setInterval(() => tell(() => delivery.working()), granted.termMs / SIGNS_OF_LIFE_PER_TERM);
  try {
    const outcome = await deps.serve(granted, address, delivery);
    crashPoint("worker.before-ack");
    tell(() => delivery.ack());
    crashPoint("worker.after-ack");
    return outcome;
  } finally {
    clearInterval(alive);
  }
}

/** Says something to JetStream. When the connection is gone the delivery comes again, which costs one question. */
function tell(say: () => void): void {
  try {
    say();
  } catch {
    // The next pull on the connection reports it.
  }
}
