import { createHash } from "node:crypto";
import { type FileHandle, mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdapterError } from "../gguf/index.ts";

/** Bytes of an adapter's GGUF in order: all of them, or as they arrive. */
export type AdapterBytes = Uint8Array | AsyncIterable<Uint8Array>;

/** So much is hashed and written before this process does anything else. */
const PART_BYTES = 1024 * 1024;
const PREFIX = "fleet-adapter-";
/** A file is used for as long as its bytes arrive and an engine reads them: one this old was left by a process that was killed. */
const LEFT_AFTER_MS = 3_600_000;

let swept: Promise<void> | null = null;

/**
 * Writes an adapter into a file while its bytes arrive, and lends the file once they are those of the digest. Nobody but
 * this user may open the folder, and the file is not written again, so that what was compared is what is read.
 *
 * It is a file that an engine is given: one that decodes reads little of a long message between two steps, and would hear
 * nothing else meanwhile.
 *
 * @param adapter - SHA-256 in hexadecimal
 * @throws {AdapterError} when the bytes have another digest
 * @throws what `bytes` throws
 */
export async function withAdapterFile<T>(
  adapter: string,
  bytes: AdapterBytes,
  use: (path: string) => Promise<T>,
): Promise<T> {
  swept ??= sweepLeft();
  await swept;
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  try {
    const path = join(folder, "adapter.gguf");
    const digest = await writeHashed(path, bytes instanceof Uint8Array ? partsOf(bytes) : bytes);
    if (digest !== adapter) throw new AdapterError(`adapter ${adapter} arrived with the digest ${digest}`);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Deletes what others left; once a process. */
async function sweepLeft(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    const found = await stat(path).catch(() => null); // Its owner may be done with it by now.
    if (found === null || Date.now() - found.mtimeMs < LEFT_AFTER_MS) continue;
    await rm(path, { recursive: true, force: true }).catch(() => {}); // Another user's, perhaps.
  }
}

/** @returns the SHA-256 of what was written */
async function writeHashed(
  path: string,
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> {
  const hash = createHash("sha256");
  await using file = await open(path, "wx", 0o600);
  for await (const part of parts) {
    hash.update(part);
    await writeAll(file, part);
  }
  return hash.digest("hex");
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.byteLength; ) from += (await file.write(bytes, from)).bytesWritten;
}

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; from += PART_BYTES) {
    yield bytes.subarray(from, from + PART_BYTES);
  }
}
