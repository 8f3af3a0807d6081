import type { Clock } from "../../core/index.ts";
import type { DecodeContext } from "./context.ts";
import type { RowBatch } from "./row-batch.ts";

/** Tokens to evaluate at the end of a sequence. */
export interface PrefillJob {
  readonly sequence: number;
  readonly tokens: Int32Array;
  /** The position of the first token. */
  readonly position: number;
  /** Called once all are evaluated, with the logits after the last: a view, valid during the call. */
  readonly done: (logits: Float32Array) => void;
}

/** Evaluates prompts and prefixes chunk by chunk, several in a chunk where they share their cells, first come first served. */
export interface PrefillQueue {
  readonly isEmpty: boolean;
  /** Tokens evaluated so far, over all jobs. */
  readonly evaluatedTokens: number;
  add(job: PrefillJob): void;
  /** Forgets the job of a sequence, if there is one. */
  remove(sequence: number): void;
  /** Evaluates one chunk. */
  turn(): void;
}

/** Creates an empty queue over a context. */
export function createPrefillQueue(context: DecodeContext, clock: Clock): PrefillQueue {
  const jobs: Progress[] = [];
  const pace = createPace(context.mostRows, clock);
  let evaluatedTokens = 0;

  /** Puts the next tokens of the oldest jobs into the batch; returns the jobs that end with it, and their last rows. */
  const fill = () => {
    const ending: { job: PrefillJob; row: number }[] = [];
    context.batch.clear();
    for (const entry of context.isUnified ? jobs : jobs.slice(0, 1)) {
      const room = pace.rows - context.batch.rows;
      if (room <= 0) break;
      const row = addRows(context.batch, entry, room);
      if (entry.evaluated === entry.job.tokens.length) ending.push({ job: entry.job, row });
    }
    return ending;
  };
  return {
    get isEmpty() {
      return jobs.length === 0;
    },
    get evaluatedTokens() {
      return evaluatedTokens;
    },
    add: (job) => void jobs.push({ job, evaluated: 0 }),
    remove(sequence) {
      const index = jobs.findIndex(({ job }) => job.sequence === sequence);
      if (index >= 0) jobs.splice(index, 1);
    },
    turn() {
      const ending = fill();
      evaluatedTokens += context.batch.rows;
      pace.time(context.batch.rows, () => context.decode());
      jobs.splice(0, ending.length);
      for (const { job, row } of ending) job.done(context.logits(row));
    },
  };
}

interface Progress {
  readonly job: PrefillJob;
  evaluated: number;
}

/** Adds at most `room` tokens of a job, and leaves no single one for later; returns the last row. */
function addRows(batch: RowBatch, progress: Progress, room: number): number {
  const { tokens, position, sequence } = progress.job;
  const left = tokens.length - progress.evaluated;
  const end = progress.evaluated + (left === room + 1 && room > 1 ? room - 1 : Math.min(left, room));
  let row = -1;
  for (; progress.evaluated < end; progress.evaluated++) {
    const index = progress.evaluated;
    row = batch.add(tokens[index] as number, position + index, sequence, index === tokens.length - 1);
  }
  return row;
}

/** How many rows a chunk may have, so that it takes about as long as messages may wait. */
export interface Pace {
  readonly rows: number;
  time(rows: number, work: () => void): void;
}

const CHUNK_MS = 80;
const FIRST_ROWS = 64;
const FEWEST_ROWS = 8;

/** Creates a pace that starts careful and follows what it measures. */
export function createPace(mostRows: number, clock: Clock): Pace {
  let rows = Math.min(FIRST_ROWS, mostRows);
  return {
    get rows() {
      return rows;
    },
    time(count, work) {
      const from = clock.monotonicMs();
      work();
      const fitting = Math.floor((count * CHUNK_MS) / Math.max(clock.monotonicMs() - from, 0.1));
      if (count >= rows || fitting < rows)
        rows = Math.min(Math.max(fitting, FEWEST_ROWS), 2 * rows, mostRows);
    },
  };
}
