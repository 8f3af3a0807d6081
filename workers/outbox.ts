import type { CollectAnswer, CollectMessageInit } from "../proto/index.ts";

/** A message that the coordinator must answer. */
interface OutgoingMessage {
  readonly message: CollectMessageInit;
  /** Its answer is known by this; see `keyOfAnswer`. */
  readonly key: string;
  /** What it takes in memory. */
  readonly bytes: number;
}

/** The messages that were not answered yet, in order, across streams. */
export interface Outbox {
  /** Total size of what is not answered. */
  readonly bytes: number;
  /** True when {@link next} would give one. */
  readonly hasNext: boolean;
  /** Adds a message; resolves with its answer. */
  add(message: OutgoingMessage): Promise<CollectAnswer>;
  /** The next message that this stream has not carried. */
  next(): CollectMessageInit | undefined;
  /** Gives the oldest message with the answer's key its answer; one that nobody waits for is ignored. */
  settle(answer: CollectAnswer): void;
  /** A new stream was opened: everything unanswered has to go again, since the old stream's answers are lost. */
  rewind(): void;
  /** Nothing will be sent any more: whoever waits gets `reason`. */
  fail(reason: unknown): void;
}

interface Entry extends OutgoingMessage {
  readonly answered: PromiseWithResolvers<CollectAnswer>;
  sent: boolean;
}

/** An empty outbox. */
export function createOutbox(): Outbox {
  const entries = new Set<Entry>();
  const unsent = () => entries.values().find((entry) => !entry.sent);

  return {
    get bytes() {
      return entries.values().reduce((sum, entry) => sum + entry.bytes, 0);
    },
    get hasNext() {
      return unsent() !== undefined;
    },
    add: (outgoing) => {
      const answered = Promise.withResolvers<CollectAnswer>();
      entries.add({ ...outgoing, answered, sent: false });
      return answered.promise;
    },
    next: () => {
      const entry = unsent();
      if (entry) entry.sent = true;
      return entry?.message;
    },
    settle: (answer) => {
      const key = keyOfAnswer(answer);
      const entry = entries.values().find((candidate) => candidate.sent && candidate.key === key);
      if (entry === undefined) return;
      entries.delete(entry);
      entry.answered.resolve(answer);
    },
    rewind: () => {
      for (const entry of entries) entry.sent = false;
    },
    fail: (reason) => {
      for (const entry of entries) entry.answered.reject(reason);
      entries.clear();
    },
  };
}

/** Key of everything that is said about a sample. */
export function sampleKey(task: string, sample: number): string {
  return `sample ${task}/${sample}`;
}

/** Key of the release of a lease. */
export function releaseKey(lease: string): string {
  return `release ${lease}`;
}

/** The key of the message that an answer is for; null for a heartbeat's, which nobody waits for. */
function keyOfAnswer({ sample, release }: CollectAnswer): string | null {
  if (sample) return sampleKey(sample.task, sample.sample);
  if (release) return releaseKey(release.lease);
  return null;
}
