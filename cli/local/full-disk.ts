import { open, stat, statfs } from "node:fs/promises";
import { pause } from "../../core/index.ts";

/** What nats-server logs of a write that its disk had no room for; it gives the stream up until it is started again. */
const FULL = "no space left on device";
const LOOK_MS = 1_000;
/** Free bytes that make a new start worth it. */
const ENOUGH_BYTES = 16 * 2 ** 20;

/** What is looked at, and who hears of it. */
export interface DiskWatch {
  /** nats-server's log. */
  readonly log: string;
  /** Where it stores. */
  readonly folder: string;
  /** Told in one sentence that the disk is full. */
  say(line: string): void;
}

/** Resolves when nats-server has found its disk full and there is room again; or when `signal` aborts. */
export async function untilDiskWasFull({ log, folder, say }: DiskWatch, signal: AbortSignal): Promise<void> {
  let read = await stat(log).then(
    ({ size }) => size,
    () => 0, // There is none yet.
  );
  let tail = "";
  while (!signal.aborted && !tail.includes(FULL)) {
    await pause(LOOK_MS, signal);
    const more = await textFrom(log, read).catch(() => ""); // Somebody has moved it.
    read += more.length;
    tail = tail.slice(-FULL.length) + more;
  }
  if (signal.aborted) return;
  say(
    `nats-server's disk is full: what is not stored yet waits; make room in ${folder}, and the run goes on`,
  );
  while (!signal.aborted && (await freeBytes(folder)) < ENOUGH_BYTES) await pause(LOOK_MS, signal);
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function textFrom(path: string, from: number): Promise<string> {
  await using file = await open(path);
  const bytes = Buffer.alloc(Math.max(0, (await file.stat()).size - from));
  const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, from);
  return bytes.toString("latin1", 0, bytesRead);
}
