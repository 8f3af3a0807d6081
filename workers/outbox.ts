import type { CollectAnswer, CollectMessageInit } from "../proto/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { decodeCollectMessage, encodeCollectMessage } from "../transport/index.ts";
import type { Spool, SpoolFile } from "./spool.ts";

/** A message that the coordinator must answer. */
interface OutgoingMessage {
  readonly message: CollectMessageInit;
  /** What it takes in memory; 0 for one that stays there. */
  readonly bytes: number;
}

/** The messages that were not answered yet, in order, across streams: in memory, and beyond its bound in files. */
export interface Outbox {
  /** Size of what is held in memory. Above its bound only while more is being written, or the spool takes no more. */
  readonly heldBytes: number;
  /** Messages that are not answered. */
  readonly count: number;
  /** True when {@link next} may give one. */
  readonly hasNext: boolean;
  /** Adds a message; resolves with its answer. */
  add(message: OutgoingMessage): Promise<CollectAnswer>;
  /** The next message that this stream has not carried; undefined when there is none, or its file is damaged. */
  next(): Promise<CollectMessageInit | undefined>;
  /** Gives the oldest message with the answer's key its answer; one that nobody waits for is ignored. */
  settle(answer: CollectAnswer): void;
  /** A new stream was opened: everything unanswered has to go again, since the old stream's answers are lost. */
  rewind(): void;
  /** Nothing will be sent any more: whoever waits gets `reason`. */
  fail(reason: unknown): void;
  /** Writes what memory holds to the spool, as far as it fits, for the next worker of this name. */
  save(): Promise<void>;
}

/** What an outbox needs. */
export interface OutboxOptions {
  /** Most that is held in memory while the spool takes what is more. */
  readonly memoryBytes: number;
  /** Null: everything stays in memory. */
  readonly spool: Spool | null;
  readonly logger: Logger;
  /** Called when {@link Outbox.heldBytes} became less. */
  readonly onLess: () => void;
}

interface Entry {
  readonly bytes: number;
  readonly answered: PromiseWithResolvers<CollectAnswer>;
  /** Its answer is known by this; null until the file of an earlier worker is read. */
  key: string | null;
  /** Null once it is in `file`. */
  message: CollectMessageInit | null;
  file: SpoolFile | null;
  /** While it is being written. */
  writing: Promise<void> | null;
  sent: boolean;
  over: boolean;
}

/** An outbox with what an earlier worker left in the spool. */
export function createOutbox({ memoryBytes, spool, logger, onLess }: OutboxOptions): Outbox {
  const entries = new Set<Entry>(spool?.found.map((file) => entryOf({ file })));
  const unsent = () => entries.values().find((entry) => !entry.sent);
  let heldBytes = 0;

  function forget(entry: Entry): void {
    entry.over = true;
    entries.delete(entry);
    if (entry.file) return void entry.file.remove();
    heldBytes -= entry.bytes;
    onLess();
  }

  async function write(entry: Entry, message: CollectMessageInit, to: Spool): Promise<void> {
    const file = await to.put(encodeCollectMessage(message));
    entry.writing = null;
    if (file === null) return;
    if (entry.over) return file.remove();
    entry.file = file;
    entry.message = null;
    heldBytes -= entry.bytes;
    onLess();
  }

  function toSpool(entry: Entry): void {
    if (spool === null || entry.message === null || entry.bytes === 0) return;
    entry.writing ??= write(entry, entry.message, spool);
  }

  async function read(entry: Entry, file: SpoolFile): Promise<CollectMessageInit | undefined> {
    try {
      const message = decodeCollectMessage(await file.read());
      entry.key = keyOfMessage(message);
      return message;
    } catch (error) {
      if (entry.over) return undefined;
      logger.warn("a message of the spool is dropped: its sample is made again", { error });
      forget(entry);
      entry.answered.reject(error);
      return undefined;
    }
  }

  return {
    get heldBytes() {
      return heldBytes;
    },
    get count() {
      return entries.size;
    },
    get hasNext() {
      return unsent() !== undefined;
    },
    add: ({ message, bytes }) => {
      const entry = entryOf({ message, bytes, key: keyOfMessage(message) });
      entries.add(entry);
      heldBytes += bytes;
      if (heldBytes > memoryBytes) toSpool(entry);
      return entry.answered.promise;
    },
    next: async () => {
      const entry = unsent();
      if (entry === undefined) return undefined;
      entry.sent = true;
      return entry.message ?? (entry.file === null ? undefined : await read(entry, entry.file));
    },
    settle: (answer) => {
      const key = keyOfAnswer(answer);
      const entry = entries.values().find((candidate) => candidate.sent && candidate.key === key);
      if (entry === undefined) return;
      forget(entry);
      entry.answered.resolve(answer);
    },
    rewind: () => {
      for (const entry of entries) entry.sent = false;
    },
    fail: (reason) => {
      for (const entry of entries) entry.answered.reject(reason);
    },
    save: async () => {
      for (const entry of entries) toSpool(entry);
      await Promise.all([...entries].map(({ writing }) => writing));
    },
  };
}

function entryOf(given: Partial<Entry>): Entry {
  const answered = Promise.withResolvers<CollectAnswer>();
  answered.promise.catch(() => {}); // Nobody waits for what an earlier worker left.
  const blank = { key: null, message: null, file: null, writing: null, sent: false, over: false };
  return { bytes: 0, answered, ...blank, ...given };
}

/** By what the answer to a message is known: its sample, or the lease that it releases. */
function keyOfMessage({ finished, partial, failed, release }: CollectMessageInit): string | null {
  const sample = finished?.rollout ?? partial?.rollout ?? failed;
  if (sample) return sampleKey(sample.task ?? "", sample.sample ?? 0);
  return release ? releaseKey(release.lease ?? "") : null;
}

/** The key of the message that an answer is for; null for a heartbeat's, which nobody waits for. */
function keyOfAnswer({ sample, release }: CollectAnswer): string | null {
  if (sample) return sampleKey(sample.task, sample.sample);
  return release ? releaseKey(release.lease) : null;
}

/** Key of everything that is said about a sample. */
function sampleKey(task: string, sample: number): string {
  return `sample ${task}/${sample}`;
}

/** Key of the release of a lease. */
function releaseKey(lease: string): string {
  return `release ${lease}`;
}
