import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { backoffMs, CancelledError, pause, renameDurably } from "../../core/index.ts";
import { DownloadBrokenError, DownloadRefusedError } from "./errors.ts";
import { fetchRest, namedUrl, sizeOf } from "./fetch-rest.ts";

/** What is downloaded, and to where. */
export interface Download {
  readonly url: string;
  /** SHA-256 of the whole file, in hex. */
  readonly sha256: string;
  /** The file that it becomes. */
  readonly out: string;
  /** What has come when it aborts is kept, and the next call goes on from there. */
  readonly stop: AbortSignal;
  /** Told of each tenth of the file, and of a link that broke. */
  say(line: string): void;
}

/** Attempts in a row that brought nothing; over about two minutes. */
const FRUITLESS = 7;
const FIRST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 60_000;

/**
 * Downloads a file and puts it in place once its digest is the one that was named; until then it is `OUT.part`, with
 * which the next attempt goes on. A file in place that has the digest is left as it is.
 *
 * @returns whether anything was downloaded
 * @throws {DownloadRefusedError} for another digest, or an answer that no repetition changes
 * @throws {DownloadBrokenError} when attempt after attempt brought nothing
 * @throws {CancelledError} when `stop` aborts
 */
export async function fetchVerified(download: Download): Promise<boolean> {
  const { url, sha256, out } = download;
  if ((await sizeOf(out)) > 0 && (await digestOf(out)) === sha256) return false;
  const part = `${out}.part`;
  await mkdir(dirname(out), { recursive: true });
  await fetchAll(download, part);
  const digest = await digestOf(part);
  if (digest !== sha256) {
    await rm(part);
    throw new DownloadRefusedError(
      `${namedUrl(url)} has SHA-256 ${digest}, not ${sha256}: name the file that was meant`,
    );
  }
  await renameDurably(part, out);
  return true;
}

async function fetchAll(download: Download, part: string): Promise<void> {
  const { stop, say } = download;
  for (let fruitless = 0; ; ) {
    const before = await sizeOf(part);
    const broken = await tryRest(download, part, before);
    if (broken === null) return;
    fruitless = (await sizeOf(part)) > before ? 0 : fruitless + 1;
    if (fruitless >= FRUITLESS) throw broken;
    say(`${broken.message}; trying again`);
    await pause(backoffMs(fruitless, FIRST_PAUSE_MS, MOST_PAUSE_MS), stop);
  }
}

/** Null: all of it is there. */
async function tryRest(download: Download, part: string, have: number): Promise<DownloadBrokenError | null> {
  try {
    await fetchRest(download, part, have);
    return null;
  } catch (error) {
    const { url, stop } = download;
    if (stop.aborted) throw new CancelledError(`stopped downloading ${namedUrl(url)}`, { cause: error });
    if (error instanceof DownloadRefusedError) throw error;
    return brokenBy(url, error);
  }
}

/** `fetch` says "fetch failed", and why in its cause. */
function brokenBy(url: string, error: unknown): DownloadBrokenError {
  if (error instanceof DownloadBrokenError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new DownloadBrokenError(
    `${namedUrl(url)}: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause: error,
    },
  );
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
