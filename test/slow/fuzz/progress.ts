import { openSync, readFileSync, writeSync } from "node:fs";

/** What one target has come to. */
export interface Tally {
  /** Inputs whose verdict is known. */
  inputs: number;
  accepted: number;
  refused: number;
  failed: number;
  /** Time that inputs took, in milliseconds. */
  busyMs: number;
  slowestMs: number;
  mostGrownBytes: number;
}

/** Where a process that fuzzes is; what it was at when it died is still there. */
export interface Progress {
  readonly target: string;
  /** Input that is being read. */
  readonly number: number;
  /** By target. */
  readonly tallies: Readonly<Record<string, Tally>>;
}

const RECORD_BYTES = 8_192;

/** Nothing yet. */
export function emptyTally(): Tally {
  return { inputs: 0, accepted: 0, refused: 0, failed: 0, busyMs: 0, slowestMs: 0, mostGrownBytes: 0 };
}

/** What two processes have come to with the same target. */
export function sumOf(a: Tally, b: Tally): Tally {
  return {
    inputs: a.inputs + b.inputs,
    accepted: a.accepted + b.accepted,
    refused: a.refused + b.refused,
    failed: a.failed + b.failed,
    busyMs: a.busyMs + b.busyMs,
    slowestMs: Math.max(a.slowestMs, b.slowestMs),
    mostGrownBytes: Math.max(a.mostGrownBytes, b.mostGrownBytes),
  };
}

/** Writes progress in place, so that it is in the file when the call returns. */
export function createProgressWriter(path: string): (progress: Progress) => void {
  const file = openSync(path, "w");
  return (progress) => void writeSync(file, JSON.stringify(progress).padEnd(RECORD_BYTES), 0);
}

/** The newest progress; null before the first. */
export function readProgress(path: string): Progress | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Progress;
  } catch {
    return null;
  }
}
