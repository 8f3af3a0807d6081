import { createHash } from "node:crypto";
import { headers, nuid } from "@nats-io/transport-node";
import type { NatsLink } from "./link.ts";
import { chunkSubject, metaSubject, objectStream } from "./names.ts";
import { CHUNKS_A_READ, CorruptObjectError } from "./read-object.ts";

/** As much as a server takes in one message unless told otherwise. */
const CHUNK_BYTES = 1024 * 1024;
/** Chunks on their way to the disk at a time: the server syncs each before it takes the next. */
const CHUNKS_AHEAD = 8;

/** Told an upload's id: when it begins, whenever there is enough for another read, and when all is durable but its description. */
export type OnStored = (id: string) => void;

/**
 * Stores an object under its SHA-256, in hex, while its bytes arrive (ADR-20 of nats-architecture-and-design). It is there
 * once all of its chunks are durable and its description is; whoever fails before leaves at most chunks that nothing
 * names, and deletes them if it still can. Where the description's acknowledgement is lost, it may be there all the same.
 *
 * @param onStored - see {@link OnStored}
 * @throws {CorruptObjectError} when the digest is not that of the bytes
 * @throws what `bytes` throws
 */
export async function writeObject(
  link: NatsLink,
  bucket: string,
  digest: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onStored: OnStored = () => {},
): Promise<void> {
  const name = `${digest} of ${bucket} to be stored`;
  const id = nuid.next();
  const subject = chunkSubject(bucket, id);
  const tell = () => onStored(id);
  tell();
  const discard = async (error: unknown): Promise<never> => {
    const purge = () => link.manager.streams.purge(objectStream(bucket), { filter: subject });
    await link.ask(name, purge).catch(() => {}); // What is left of an adapter is swept later.
    throw error;
  };
  const { size, chunks, sha256 } = await publishChunks(link, name, subject, digest, bytes, tell).catch(
    discard,
  );
  const meta = {
    name: digest,
    bucket,
    nuid: id,
    size,
    chunks,
    mtime: new Date().toISOString(),
    digest: `SHA-256=${sha256.toString("base64").replaceAll("+", "-").replaceAll("/", "_")}`,
    deleted: false,
    options: { max_chunk_size: CHUNK_BYTES },
  };
  await publishMeta(link, name, metaSubject(bucket, digest), meta);
}

/** Resolves once all is durable. @throws {CorruptObjectError} when the digest is not that of the bytes */
async function publishChunks(
  link: NatsLink,
  name: string,
  subject: string,
  digest: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onStored: () => void,
): Promise<{ size: number; chunks: number; sha256: Buffer }> {
  const hash = createHash("sha256");
  const unacknowledged: Promise<unknown>[] = [];
  let size = 0;
  let chunks = 0;
  try {
    for await (const chunk of inChunks(bytes)) {
      const acknowledged = link.ask(name, () => link.stream.publish(subject, chunk));
      acknowledged.catch(() => {}); // Looked at in its turn.
      unacknowledged.push(acknowledged);
      hash.update(chunk);
      size += chunk.byteLength;
      chunks += 1;
      if (unacknowledged.length > CHUNKS_AHEAD) await unacknowledged.shift();
      const stored = chunks - unacknowledged.length;
      if (stored > 0 && stored % CHUNKS_A_READ === 0) onStored();
    }
    await Promise.all(unacknowledged);
    onStored();
  } finally {
    await Promise.allSettled(unacknowledged); // What comes after a purge would stay.
  }
  const sha256 = hash.digest();
  const actual = sha256.toString("hex");
  if (actual !== digest)
    throw new CorruptObjectError(`bytes of digest ${actual} cannot be stored as ${digest}`);
  return { size, chunks, sha256 };
}

/** A description takes the place of the one before. */
async function publishMeta(link: NatsLink, name: string, subject: string, meta: object): Promise<void> {
  const only = headers();
  only.set("Nats-Rollup", "sub");
  await link.ask(name, () => link.stream.publish(subject, JSON.stringify(meta), { headers: only }));
}

/** The same bytes in chunks of one size, but for the last; what comes in that size is passed on without a copy. */
async function* inChunks(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const part of bytes) {
    for (let from = 0; from < part.byteLength; ) {
      const next = part.subarray(from, from + CHUNK_BYTES - heldBytes);
      held.push(next);
      heldBytes += next.byteLength;
      from += next.byteLength;
      if (heldBytes < CHUNK_BYTES) continue;
      yield joined(held);
      held = [];
      heldBytes = 0;
    }
  }
  if (heldBytes > 0) yield joined(held);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts);
}
