/**
 * The worker's end of `RolloutCollector.Collect`: one stream at a time, opened again whenever it breaks. What the
 * coordinator has not answered is kept and sent again on the next stream; it counts a sample once, so sending twice
 * is harmless and losing is impossible.
 *
 * @module
 */
import { backoffMs, CancelledError, DeadlineError, dispositionOf, pause } from "../core/index.ts";
import type { CollectAnswer, CollectMessageInit, SampleAnswer } from "../proto/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { createCondition } from "./condition.ts";
import { createHeldLeases, type HeldLease } from "./held-leases.ts";
import { createOutbox, releaseKey, sampleKey } from "./outbox.ts";

/** A stream of the client, as transport's `CollectStream`. */
export interface CollectLink extends AsyncDisposable {
  /** Resolves when the stream can take more. */
  send(message: CollectMessageInit): Promise<void>;
  /** Ends when the coordinator ends the stream; throws when it breaks. */
  readonly answers: AsyncIterable<CollectAnswer>;
}

/** What is said about one sample: exactly one of finished, partial, failed. */
export interface SampleMessage {
  readonly task: string;
  readonly sample: number;
  readonly message: Pick<CollectMessageInit, "finished" | "partial" | "failed">;
  /** What it takes in memory until it is acknowledged. */
  readonly bytes: number;
}

/** Hands samples to the coordinator and keeps leases alive. Disposing drops what is not acknowledged. */
export interface Collector extends AsyncDisposable {
  /** Size of what the coordinator has not acknowledged. */
  readonly unacknowledgedBytes: number;
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
  readonly logger: Logger;
  /** Called when {@link Collector.unacknowledgedBytes} became less. */
  readonly onAcknowledged: () => void;
}

const FIRST_REOPEN_MS = 100;
const MOST_REOPEN_MS = 5_000;
/** Heartbeats without any answer after which a stream counts as broken: one term. */
const UNANSWERED_HEARTBEATS = 6;

/** Opens the first stream and keeps one open until disposed. */
export function openCollector({ open, worker, logger, onAcknowledged }: CollectorOptions): Collector {
  const outbox = createOutbox();
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
        const message = outbox.next();
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
      if (answer.heartbeat) held.lose(answer.heartbeat.lost);
      outbox.settle(answer);
      onAcknowledged();
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
      logger.warn("collect stream ended", { unacknowledgedBytes: outbox.bytes, error });
      if (performance.now() - openedAt > MOST_REOPEN_MS) attempt = 0;
      await pause(backoffMs(attempt, FIRST_REOPEN_MS, MOST_REOPEN_MS), closed.signal);
    }
  }

  /** Sends nothing more: whoever waits for an answer gets `reason`. */
  function end(reason: unknown, how: AbortController): void {
    how.abort(reason);
    outbox.fail(reason);
  }

  async function ask(message: CollectMessageInit, key: string, bytes: number): Promise<CollectAnswer> {
    closed.signal.throwIfAborted();
    refused.signal.throwIfAborted();
    const answer = outbox.add({ message, key, bytes });
    condition.changed();
    return await answer;
  }

  const running = keepStreaming();

  return {
    get unacknowledgedBytes() {
      return outbox.bytes;
    },
    refused: refused.signal,
    hold: (lease, termMs) => {
      const holding = held.hold(lease, termMs);
      condition.changed();
      return holding;
    },
    deliver: async ({ task, sample, message, bytes }) => {
      const answer = await ask(message, sampleKey(task, sample), bytes);
      return answer.sample as SampleAnswer; // By its key it is that.
    },
    release: async (lease, task, reason) => {
      await ask({ release: { lease, task, reason } }, releaseKey(lease), 0);
    },
    [Symbol.asyncDispose]: async () => {
      end(new CancelledError("the worker stopped before the coordinator acknowledged this"), closed);
      await running;
    },
  };
}
