import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { withDeadline } from "../../core/index.ts";
import { DownloadBrokenError, DownloadRefusedError } from "./errors.ts";
import type { Download } from "./fetch-verified.ts";

/** A link that brings nothing for this long is given up. */
const SILENCE_MS = 60_000;
/** How often progress is told. */
const PARTS = 10;
/** Answers beyond 4xx that are worth another attempt: too early, too many requests, time-out. */
const LATER = new Set([408, 425, 429]);
const MIB = 2 ** 20;

/**
 * Appends to `part` what it lacks, or writes all of it where the server cannot send a part.
 *
 * @param have - bytes of the file that `part` holds
 * @throws {DownloadRefusedError} for an answer that no repetition changes
 */
export async function fetchRest(download: Download, part: string, have: number): Promise<void> {
  const { url, stop } = download;
  const silence = new AbortController();
  const signal = AbortSignal.any([stop, silence.signal]);
  const within = <T>(work: Promise<T>) =>
    withDeadline(`the next bytes of ${namedUrl(url)}`, SILENCE_MS, work, stop);
  try {
    const headers = have > 0 ? { range: `bytes=${have}-` } : {};
    const response = await within(fetch(url, { headers, signal }));
    await assertUsable(url, response, part);
    const goesOn = response.status === 206;
    await using file = await open(part, goesOn ? "a" : "w");
    const told = tellingOf(download, goesOn ? have : 0, response);
    await copy(response, file, within, told);
    await file.sync();
  } finally {
    silence.abort(); // A link that was given up is closed.
  }
}

async function copy(
  { body }: Response,
  file: FileHandle,
  within: <T>(work: Promise<T>) => Promise<T>,
  told: (bytes: number) => void,
): Promise<void> {
  if (body === null) return;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await within(reader.read());
    if (done) return;
    await file.writeFile(value);
    told(value.byteLength);
  }
}

async function assertUsable(url: string, { status, statusText, ok }: Response, part: string): Promise<void> {
  if (ok) return;
  if (status === 416) {
    await rm(part, { force: true });
    throw new DownloadBrokenError(
      `${namedUrl(url)} is shorter than what was there of it; it is downloaded anew`,
    );
  }
  const answer = `${namedUrl(url)} is answered ${status} ${statusText}`.trimEnd();
  if (status < 500 && !LATER.has(status)) throw new DownloadRefusedError(answer);
  throw new DownloadBrokenError(answer);
}

/** Says each tenth of the file. */
function tellingOf({ url, say }: Download, have: number, response: Response): (bytes: number) => void {
  const total = have + Number(response.headers.get("content-length") ?? Number.NaN);
  let done = have;
  let told = Math.floor((PARTS * have) / total);
  return (bytes) => {
    done += bytes;
    const now = Math.floor((PARTS * done) / total);
    if (!(now > told)) return;
    told = now;
    say(`${namedUrl(url)}: ${Math.round(done / MIB)} of ${Math.round(total / MIB)} MiB`);
  };
}

/** A URL as it may be told: what comes after "?" may be a signature. */
export function namedUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** Bytes of a file; 0 when it is not there. */
export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
