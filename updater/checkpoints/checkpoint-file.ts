/**
 * A file of named float32 arrays and what they are.
 *
 *     "FLEETCKP" · uint32 length of the header · header (JSON) · arrays, in the header's order · SHA-256 of all that
 *
 * Numbers are little-endian, as every machine is that this project supports.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { z } from "zod";
import { crashPoint, renameDurably } from "../../core/index.ts";
import { UnusableCheckpointError } from "./errors.ts";

const MAGIC = "FLEETCKP";
const PREFIX_BYTES = MAGIC.length + 4;
const DIGEST_BYTES = 32;
const FLOAT_BYTES = 4;

/** What a file holds. */
export interface CheckpointContent {
  /** JSON that says what the arrays are. */
  readonly about: unknown;
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

const Header = z.object({
  about: z.unknown(),
  arrays: z.array(z.object({ name: z.string(), length: z.int().min(0) })),
});

/** Writes a checkpoint so that its name never leads to a part of one: temporary file → fsync → rename → fsync of the folder. */
export async function writeCheckpoint(path: string, { about, arrays }: CheckpointContent): Promise<void> {
  const entries = Object.entries(arrays);
  const header = Buffer.from(
    JSON.stringify({ about, arrays: entries.map(([name, { length }]) => ({ name, length })) }),
  );
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC);
  prefix.writeUInt32LE(header.length, MAGIC.length);
  const parts = [prefix, header, ...entries.map(([, values]) => bytesOf(values))];

  const hash = createHash("sha256");
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w");
  try {
    for (const part of parts) {
      hash.update(part);
      await file.writeFile(part);
    }
    await file.writeFile(hash.digest());
    crashPoint("checkpoint.after-write");
    await file.sync();
  } finally {
    await file.close();
  }
  crashPoint("checkpoint.after-fsync");
  await renameDurably(temporary, path);
}

/**
 * Reads a checkpoint and verifies its digest.
 *
 * @throws {UnusableCheckpointError} when it is missing, truncated, changed, or no checkpoint at all
 */
export async function readCheckpoint(path: string): Promise<CheckpointContent> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new UnusableCheckpointError(`cannot read the checkpoint ${path}: ${cause.message}`, { cause });
  });
  if (bytes.length < PREFIX_BYTES + DIGEST_BYTES || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new UnusableCheckpointError(`${path} is not a checkpoint`);
  }
  const body = bytes.subarray(0, -DIGEST_BYTES);
  if (!createHash("sha256").update(body).digest().equals(bytes.subarray(-DIGEST_BYTES))) {
    throw new UnusableCheckpointError(
      `the checkpoint ${path} is truncated or damaged: its digest does not match`,
    );
  }
  const headerEnd = PREFIX_BYTES + body.readUInt32LE(MAGIC.length);
  const header = Header.safeParse(parseJson(body.toString("utf8", PREFIX_BYTES, headerEnd)));
  const floats = header.data?.arrays.reduce((sum, { length }) => sum + length, 0) ?? 0;
  if (!header.success || headerEnd + floats * FLOAT_BYTES !== body.length) {
    throw new UnusableCheckpointError(`${path} is not a checkpoint: its header does not say what it holds`);
  }
  return { about: header.data.about, arrays: readArrays(body, headerEnd, header.data.arrays) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readArrays(
  body: Buffer,
  start: number,
  entries: readonly { name: string; length: number }[],
): Record<string, Float32Array> {
  const arrays: Record<string, Float32Array> = {};
  let at = start;
  for (const { name, length } of entries) {
    const values = new Float32Array(length);
    bytesOf(values).set(body.subarray(at, at + length * FLOAT_BYTES));
    arrays[name] = values;
    at += length * FLOAT_BYTES;
  }
  return arrays;
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
