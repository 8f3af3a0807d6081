import type { Consumer, JsMsg } from "@nats-io/jetstream";
import { DeadlineError, type FleetError } from "../../core/index.ts";
import { LinkLostError, natsError } from "./errors.ts";
import type { NatsLink } from "./link.ts";
import { runNames, taskConsumer } from "./names.ts";

/** A task that a worker was handed. Settled by exactly one of `ack` and `nak`. */
interface TaskDelivery {
  /** `tasks.<run>.<lane>.<variant>.<task>.<dispatch>` */
  readonly subject: string;
  readonly data: Uint8Array;
  /** W3C trace context that came with it; empty when none did. */
  readonly traceparent: string;
  /** Settled; never deliver again. */
  ack(): void;
  /** Deliver again after `delayMs`, to any worker. */
  nak(delayMs?: number): void;
  /** Still busy; restart the redelivery timer. */
  working(): void;
}

/** A worker's end of the TASKS queue: all lanes of one variant. */
export interface TaskQueue extends AsyncDisposable {
  /**
   * Waits for the next task of any lane. Nothing is taken ahead: what comes when nobody waits any more is handed back
   * to the queue at once.
   *
   * @returns null after `expiresMs`, and once `signal` aborts
   * @throws {FleetError} when the queue cannot be asked
   */
  pull(expiresMs: number, signal: AbortSignal): Promise<TaskDelivery | null>;
}

/** A request to the server ends after this time and is made again while somebody waits. */
const REQUEST_EXPIRES_MS = 10_000;

interface Waiter {
  readonly settle: (delivery: TaskDelivery | null) => void;
  readonly fail: (error: FleetError) => void;
}

/** Opens the queue of a run whose streams exist. */
export async function openTaskQueue(
  link: NatsLink,
  run: string,
  { lanes, variant }: { readonly lanes: readonly string[]; readonly variant: string },
): Promise<TaskQueue> {
  const { stream } = runNames(run).tasks;
  const consumers = await Promise.all(
    lanes.map((lane) => {
      const name = taskConsumer(lane, variant);
      return link.ask(`consumer ${name} of ${stream}`, () => link.stream.consumers.get(stream, name));
    }),
  );
  const waiters = new Set<Waiter>();
  const requests = new Map<Consumer, number>(consumers.map((consumer) => [consumer, 0]));
  let closed = false;

  /** Keeps as many requests open in each lane as there are waiters. */
  function ask(): void {
    for (const consumer of consumers) {
      for (let open = requests.get(consumer) ?? 0; open < waiters.size; open++) {
        requests.set(consumer, open + 1);
        void request(consumer);
      }
    }
  }

  async function request(consumer: Consumer): Promise<void> {
    try {
      await link.ask(`tasks of ${stream}`, () => take(consumer));
    } catch (error) {
      const failure = natsError(`tasks of ${stream}`, error);
      if (!isPassing(failure) || link.connection.isClosed())
        for (const waiter of waiters) waiter.fail(failure);
    } finally {
      requests.set(consumer, (requests.get(consumer) ?? 1) - 1);
      ask();
    }
  }

  /** What arrives is handed on here, also when the question was given up meanwhile. */
  async function take(consumer: Consumer): Promise<void> {
    const message = await consumer.next({ expires: REQUEST_EXPIRES_MS });
    if (message !== null) hand(message);
  }

  function hand(message: JsMsg): void {
    const [first] = waiters;
    if (first === undefined) message.nak();
    else first.settle(deliveryOf(message));
  }

  return {
    pull: (expiresMs, signal) => {
      if (closed || signal.aborted) return Promise.resolve(null);
      const { promise, resolve, reject } = Promise.withResolvers<TaskDelivery | null>();
      const leave = () => {
        waiters.delete(waiter);
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
      };
      const waiter: Waiter = {
        settle: (delivery) => {
          leave();
          resolve(delivery);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const giveUp = () => waiter.settle(null);
      const timer = setTimeout(giveUp, expiresMs);
      signal.addEventListener("abort", giveUp, { once: true });
      waiters.add(waiter);
      ask();
      return promise;
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      for (const waiter of waiters) waiter.settle(null);
    },
  };
}

/** Without a connection the waiters wait on, each until its own time is up. */
function isPassing(failure: FleetError): boolean {
  return failure instanceof LinkLostError || failure instanceof DeadlineError;
}

function deliveryOf(message: JsMsg): TaskDelivery {
  return {
    subject: message.subject,
    data: message.data,
    traceparent: message.headers?.get("traceparent") ?? "",
    ack: () => message.ack(),
    nak: (delayMs) => message.nak(delayMs),
    working: () => message.working(),
  };
}
