import { Worker } from "node:worker_threads";
import { FleetError, withDeadline } from "../../../core/index.ts";
import type { DataPage, Facets, ReasonCount } from "../../../dashboard/index.ts";
import type { FreshRollouts } from "../run-source.ts";
import type { InstanceFilter } from "./list-instances.ts";
import type { KnownPage } from "./list-rollouts.ts";
import type { StoredRollout } from "./read-rollout.ts";
import type { RolloutFilter } from "./rollout-filter.ts";

/** The archive cannot be asked at the moment. */
export class ArchiveUnreadableError extends FleetError {
  readonly code = "coordinator.archive_unreadable";
  readonly disposition = "retry";
}

/** What the thread is started for. */
export interface ReaderStart {
  readonly folder: string;
}

/** What the thread is asked. */
export interface ReaderQuestion {
  readonly id: number;
  readonly ask:
    | { readonly kind: "refresh"; readonly fresh: FreshRollouts }
    | { readonly kind: "list"; readonly filter: RolloutFilter }
    | { readonly kind: "facets" }
    | { readonly kind: "reasons" }
    | { readonly kind: "rollout"; readonly sequence: number }
    | { readonly kind: "instances"; readonly filter: InstanceFilter };
}

/** What it answers. */
export interface ReaderAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: string;
}

/** Answers about a run's rollouts, from a thread of its own. Disposing ends the thread. */
export interface ArchiveReader extends AsyncDisposable {
  /** Starts its thread where there is none. @returns which one it is; a new one knows nothing of what others were told */
  start(): number;
  /** Takes in what has come since the last time. */
  refresh(fresh: FreshRollouts): Promise<void>;
  list(filter: RolloutFilter): Promise<KnownPage>;
  facets(): Promise<Facets>;
  reasons(): Promise<ReasonCount[]>;
  /** Null where it is not known. */
  rollout(sequence: number): Promise<StoredRollout | null>;
  instances(filter: InstanceFilter): Promise<DataPage>;
}

/** A thread, and what it was asked and has not answered. */
interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, PromiseWithResolvers<unknown>>;
}

/** The first look takes in the whole archive. */
const ANSWER_DEADLINE_MS = 120_000;

/**
 * Opens the reader of the archive in `folder`; its thread starts with the first question, and again where it died.
 */
export function openArchiveReader(folder: string): ArchiveReader {
  let thread: Thread | null = null;
  let lastId = 0;
  let generation = 0;

  function openThread(): Thread {
    const workerData: ReaderStart = { folder };
    generation += 1;
    const started = new Worker(new URL("./reader-thread.ts", import.meta.url), { workerData });
    const waiting: Thread["waiting"] = new Map();
    started.on("message", ({ id, value, failure }: ReaderAnswer) => {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (failure === undefined) asked?.resolve(value);
      else asked?.reject(new ArchiveUnreadableError(`the archive in ${folder} cannot be read: ${failure}`));
    });
    const onEnd = (why: string) => {
      if (thread?.worker === started) thread = null;
      for (const asked of waiting.values())
        asked.reject(new ArchiveUnreadableError(`the reader of ${folder} ended: ${why}`));
      waiting.clear();
    };
    started.once("error", (error) => onEnd(error instanceof Error ? error.message : String(error)));
    started.once("exit", (code) => onEnd(`exit code ${code}`));
    started.unref();
    return { worker: started, waiting };
  }

  function ask<Answer>(question: ReaderQuestion["ask"]): Promise<Answer> {
    thread ??= openThread();
    const id = ++lastId;
    const asked = Promise.withResolvers<unknown>();
    thread.waiting.set(id, asked);
    thread.worker.postMessage({ id, ask: question } satisfies ReaderQuestion);
    return withDeadline("the archive to be read", ANSWER_DEADLINE_MS, asked.promise) as Promise<Answer>;
  }

  return {
    start: () => {
      thread ??= openThread();
      return generation;
    },
    refresh: (fresh) => ask({ kind: "refresh", fresh }),
    list: (filter) => ask({ kind: "list", filter }),
    facets: () => ask({ kind: "facets" }),
    reasons: () => ask({ kind: "reasons" }),
    rollout: (sequence) => ask({ kind: "rollout", sequence }),
    instances: (filter) => ask({ kind: "instances", filter }),
    [Symbol.asyncDispose]: async () => {
      await thread?.worker.terminate();
    },
  };
}
