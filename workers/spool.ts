/**
 * What a worker cannot hold in memory while the coordinator is away: one file a message, in the order of their names.
 * A worker that starts finds what the one before it under the same name has left.
 *
 * A file is written under another name and renamed, so that it is whole or not there when its writer is killed. It is
 * not synced: the page cache outlives the process, and what a machine takes with it is made again elsewhere, since
 * nothing in here was acknowledged.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crashPoint, FleetError } from "../core/index.ts";
import type { Logger } from "../telemetry/index.ts";

/** The folder cannot be used. */
class SpoolUnusableError extends FleetError {
  readonly code = "workers.spool_unusable";
  readonly disposition = "reject";
}

/** A file is not what was written. */
export class SpoolDamagedError extends FleetError {
  readonly code = "workers.spool_damaged";
  readonly disposition = "retry";
}

/** A message on disk. */
export interface SpoolFile {
  /** @throws {SpoolDamagedError} when it is gone, cut or changed */
  read(): Promise<Uint8Array>;
  /** Deletes it; one that cannot be deleted is logged, and found by the next worker. */
  remove(): Promise<void>;
}

/** The messages on disk. */
export interface Spool {
  /** What the files take. */
  readonly bytes: number;
  /** Files of an earlier worker, oldest first. */
  readonly found: readonly SpoolFile[];
  /** Writes a message after all others; null when it would exceed the bound, or the disk refuses it. */
  put(content: Uint8Array): Promise<SpoolFile | null>;
}

/** Where a spool is and how large it may be. */
export interface SpoolOptions {
  readonly folder: string;
  /** Most that its files may take. */
  readonly bytesAtMost: number;
  readonly logger: Logger;
}

const SUFFIX = ".message";
const DIGEST_BYTES = 32;
const ORDINAL_DIGITS = 12;

/**
 * Opens a worker's spool, making its folder if need be; what was being written when its predecessor ended is deleted.
 *
 * @throws {SpoolUnusableError}
 */
export async function openSpool({ folder, bytesAtMost, logger }: SpoolOptions): Promise<Spool> {
  const left = await readFolder(folder);
  let bytes = left.reduce((sum, file) => sum + file.size, 0);
  let ordinal = left.reduce((most, { name }) => Math.max(most, Number.parseInt(name, 10) + 1), 0);
  let refuses = false;

  const fileAt = (name: string, size: number): SpoolFile => ({
    read: () => readChecked(join(folder, name)),
    remove: async () => {
      crashPoint("spool.before-remove");
      bytes -= size;
      await rm(join(folder, name), { force: true }).catch((error: unknown) =>
        logger.warn(`${name} of the spool cannot be deleted`, { error }),
      );
    },
  });

  async function write(name: string, content: Uint8Array): Promise<boolean> {
    const path = join(folder, name);
    try {
      await writeFile(`${path}.tmp`, Buffer.concat([digestOf(content), content]));
      crashPoint("spool.after-write");
      await rename(`${path}.tmp`, path);
      crashPoint("spool.after-rename");
      refuses = false;
    } catch (error) {
      await rm(`${path}.tmp`, { force: true }).catch(() => {});
      if (!refuses)
        logger.warn(`the spool ${folder} cannot be written: what waits stays in memory`, { error });
      refuses = true;
    }
    return !refuses;
  }

  return {
    get bytes() {
      return bytes;
    },
    found: left.map(({ name, size }) => fileAt(name, size)),
    put: async (content) => {
      const size = DIGEST_BYTES + content.byteLength;
      if (bytes + size > bytesAtMost) return null;
      bytes += size;
      // The random part keeps two workers that were given one name from overwriting each other's.
      const name = `${String(ordinal++).padStart(ORDINAL_DIGITS, "0")}-${randomBytes(4).toString("hex")}${SUFFIX}`;
      if (await write(name, content)) return fileAt(name, size);
      bytes -= size;
      return null;
    },
  };
}

interface LeftFile {
  readonly name: string;
  readonly size: number;
}

async function readFolder(folder: string): Promise<LeftFile[]> {
  try {
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    const whole = names.filter((name) => /^\d+-/.test(name) && name.endsWith(SUFFIX)).sort();
    const cut = names.filter((name) => name.endsWith(`${SUFFIX}.tmp`));
    await Promise.all(cut.map((name) => rm(join(folder, name), { force: true })));
    return await Promise.all(
      whole.map(async (name) => ({ name, size: (await stat(join(folder, name))).size })),
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SpoolUnusableError(`the spool ${folder} cannot be used (${why}): make it writable`, { cause });
  }
}

async function readChecked(path: string): Promise<Uint8Array> {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new SpoolDamagedError(`${path} cannot be read`, { cause });
  });
  const content = file.subarray(DIGEST_BYTES);
  if (digestOf(content).equals(file.subarray(0, DIGEST_BYTES))) return content;
  throw new SpoolDamagedError(`${path} is damaged: its ${file.byteLength} bytes are not what was written`);
}

function digestOf(content: Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}
