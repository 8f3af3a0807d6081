/**
 * The worker's end of `RolloutCollector.Collect`: one stream at a time, opened again whenever it breaks. What the
 * coordinator has not answered is kept, in memory and beyond its bound in the spool, and sent again on the next stream;
 * it counts a sample once, so sending twice is harmless and losing is impossible.
 *
 * @module
 */
import { backoffMs, CancelledError, DeadlineError, dispositionOf, pause } from "../core/index.ts";
import type { CollectAnswer, CollectMessageInit, SampleAnswer } from "../proto/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { createCondition } from "./condition.ts";
import { createHeldLeases, type HeldLease } from "./held-leases.ts";
import { createOutbox } from "./outbox.ts";
import type { Spool } from "./spool.ts";

/** A stream of the client, as transport's `CollectStream`. */
export interface CollectLink extends AsyncDisposable {
  /** Resolves when the stream can take more. */
  send(message: CollectMessageInit): Promise<void>;
  /** Ends when the coordinator ends the stream; throws when it breaks. */
  readonly answers: AsyncIterable<CollectAnswer>;
}

/** What is said about one sample: exactly one of finished, partial, failed. */
export interface SampleMessage {
  readonly message: Pick<CollectMessageInit, "finished" | "partial" | "failed">;
  /** What it takes in memory until it is acknowledged. */
  readonly bytes: number;
}

/**
 * Hands samples to the coordinator and keeps leases alive. Disposing leaves what is not acknowledged in the spool, as far
 * as it fits, and drops the rest.
 */
export interface Collector extends AsyncDisposable {
  /** Size of what waits in memory for the coordinator. */
  readonly heldBytes: number;
  /** Aborts, with the reason, when the coordinator refuses this worker for good; nothing is sent any more. */
  readonly refused: AbortSignal;
  /** Keeps a lease alive until it is disposed or lost. */
  hold(lease: string, termMs: number): HeldLease;
  /**
   * Hands over a sample. Resolves once the coordinator has answered, however often the stream breaks until then.
   *
   * @throws {CancelledError} when the collector is disposed before
   */
  deliver(sample: SampleMessage): Promise<SampleAnswer>;
  /** Ends a lease; resolves once that is durable. Throws as `deliver`. */
  release(lease: string, task: string, reason: string): Promise<void>;
}

/** What a collector needs. */
export interface CollectorOptions {
  readonly open: () => CollectLink;
  readonly worker: string;
  /** Most that waits in memory while the spool takes what is more. */
  readonly memoryBytes: number;
  /** Null: everything waits in memory. What an earlier worker left in it is handed over first. */
  readonly spool: Spool | null;
  readonly logger: Logger;
  /** Called when {@link Collector.heldBytes} became less. */
  readonly onLess: () => void;
  /** Told, in one sentence, that the stream broke; null: it carries again. */
  readonly onLink?: (trouble: string | null) => void;
}

const FIRST_REOPEN_MS = 100;
const MOST_REOPEN_MS = 5_000;
/** Heartbeats without any answer after which a stream counts as broken: one term. */
const UNANSWERED_HEARTBEATS = 6;

/** Opens the first stream and keeps one open until disposed. */
export function openCollector(options: CollectorOptions): Collector {
  const { open, worker, spool, logger, onLink = () => {} } = options;
  const outbox = createOutbox(options);
  const held = createHeldLeases();
  const condition = createCondition();
  const closed = new AbortController();
  const refused = new AbortController();
  let heartbeatDue = false;
  let unanswered = 0;

  async function carry(link: CollectLink, ended: AbortSignal): Promise<void> {
    while (await condition.until(() => heartbeatDue || outbox.hasNext, ended)) {
      if (heartbeatDue) {
        heartbeatDue = false;
        unanswered += 1;
        await link.send({ heartbeat: { worker, leases: [...held.ids] } });
      } else {
        const message = await outbox.next();
        if (message) await link.send(message);
      }
    }
  }

  async function beat(ended: AbortSignal): Promise<void> {
    while (await condition.until(() => held.ids.length > 0, ended)) {
      if (unanswered >= UNANSWERED_HEARTBEATS) {
        throw new DeadlineError(`waited a whole term of a lease for the coordinator to answer a heartbeat`);
      }
      heartbeatDue = true;
      condition.changed();
      await pause(held.heartbeatMs, ended);
    }
  }

  async function listen(link: CollectLink): Promise<void> {
    for await (const answer of link.answers) {
      unanswered = 0;
      onLink(null);
      if (answer.heartbeat) held.lose(answer.heartbeat.lost);
      outbox.settle(answer);
    }
  }

  /** Uses one stream until it ends; returns what broke it. */
  async function useStream(): Promise<unknown> {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, closed.signal]);
    outbox.rewind();
    unanswered = 0;
    try {
      await using link = open();
      await Promise.race([listen(link), carry(link, signal), beat(signal)]);
      return null;
    } catch (error) {
      return error;
    } finally {
      ended.abort();
    }
  }

  async function keepStreaming(): Promise<void> {
    for (let attempt = 0; !closed.signal.aborted; attempt++) {
      const openedAt = performance.now();
      const error = await useStream();
      if (closed.signal.aborted) return;
      if (dispositionOf(error) === "reject") return end(error, refused);
      onLink("the stream to the coordinator is broken");
      const { count: unacknowledged, heldBytes } = outbox;
      logger.warn("collect stream ended", {
        unacknowledged,
        heldBytes,
        spooledBytes: spool?.bytes ?? 0,
        error,
      });
      if (performance.now() - openedAt > MOST_REOPEN_MS) attempt = 0;
      await pause(backoffMs(attempt, FIRST_REOPEN_MS, MOST_REOPEN_MS), closed.signal);
    }
  }

  /** Sends nothing more: whoever waits for an answer gets `reason`. */
  function end(reason: unknown, how: AbortController): void {
    how.abort(reason);
    outbox.fail(reason);
  }

  /** Not `async`, here and in its callers: a message that went to the spool must not live on in a waiting call. */
  function ask(message: CollectMessageInit, bytes: number): Promise<CollectAnswer> {
    const ending = [closed.signal, refused.signal].find((signal) => signal.aborted);
    if (ending) return Promise.reject(ending.reason);
    const answer = outbox.add({ message, bytes });
    condition.changed();
    return answer;
  }

  const running = keepStreaming();

  return {
    get heldBytes() {
      return outbox.heldBytes;
    },
    refused: refused.signal,
    hold: (lease, termMs) => {
      const holding = held.hold(lease, termMs);
      condition.changed();
      return holding;
    },
    deliver: ({ message, bytes }) => ask(message, bytes).then((answer) => answer.sample as SampleAnswer), // By its key it is that.
    release: async (lease, task, reason) => {
      await ask({ release: { lease, task, reason } }, 0);
    },
    [Symbol.asyncDispose]: async () => {
      end(new CancelledError("the worker stopped before the coordinator acknowledged this"), closed);
      await running;
      await outbox.save();
    },
  };
}
