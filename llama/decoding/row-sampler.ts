/**
 * Chooses the tokens of a whole step: on the threads that computed it, where there are several and the vocabulary is
 * large enough that they pay.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { ContextError } from "./context.ts";
import { logitsAt } from "./logits-at.ts";
import { createRowTable, type RowChoice } from "./row-table.ts";
import type { Choice, ChoiceSettings, Sampler } from "./sampler.ts";

/** Chooses from many rows. */
export interface RowSampler {
  /** In the order of `rows`; null where a logit is not finite. The same as `Sampler.choose` of each. */
  choose(rows: readonly RowChoice[]): (Choice | null)[];
}

/** What a thread is started with. */
export interface RowThreadOrder {
  readonly memory: SharedArrayBuffer;
  /** The most rows of the table. */
  readonly rows: number;
  readonly vocabulary: number;
}

/** A sampler's sizes. */
export interface RowSamplerSize {
  /** The most rows of a step. */
  readonly rows: number;
  readonly vocabulary: number;
  /** Of this process, its own included. */
  readonly threads: number;
}

/** Fewer logits than this are chosen from before another thread has woken up. */
const SHARED_LOGITS = 2 ** 18;
/** More wait for memory. */
const MOST_THREADS = 8;
const DEADLINE_MS = 30_000;

/** What each thread beside the process's own takes: V8, this code, and memory for a row. Measured on Linux, x64. */
const THREAD_BYTES = 24 * 2 ** 20;

/** The bytes that a sampler's threads take. */
export function rowSamplerBytes(size: RowSamplerSize): number {
  return threadsBeside(size) * THREAD_BYTES;
}

function threadsBeside({ rows, vocabulary, threads }: RowSamplerSize): number {
  return rows * vocabulary < SHARED_LOGITS ? 0 : Math.min(threads, MOST_THREADS) - 1;
}

/** Creates a sampler of rows; its threads end with the process. */
export function createRowSampler(sampler: Sampler, size: RowSamplerSize): RowSampler {
  const { rows: most, vocabulary } = size;
  const chooseAlone = (address: bigint, settings: ChoiceSettings, uniform: number) =>
    sampler.choose(logitsAt(address, vocabulary), settings, uniform);
  const others = threadsBeside(size);
  const table = others > 0 ? createRowTable(most) : null;
  for (let thread = 0; table !== null && thread < others; thread++) {
    const order: RowThreadOrder = { memory: table.memory, rows: most, vocabulary };
    new Worker(new URL("row-sampler-thread.ts", import.meta.url), { workerData: order }).unref();
  }
  return {
    choose(rows) {
      if (table === null || rows.length * vocabulary < SHARED_LOGITS)
        return rows.map(({ address, settings, uniform }) => chooseAlone(address, settings, uniform));
      table.offer(rows);
      table.work(chooseAlone);
      if (!table.finish(DEADLINE_MS)) throw new ContextError("a thread that samples does not answer");
      return rows.map((_, index) => table.answer(index));
    },
  };
}
