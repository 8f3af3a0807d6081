import { z } from "zod";
import { FleetError } from "../../core/index.ts";
import { directGet } from "./direct-get.ts";
import type { NatsLink } from "./link.ts";
import { chunkSubject, metaSubject, objectStream } from "./names.ts";

/** The bytes are not those that their digest names. */
export class CorruptObjectError extends FleetError {
  readonly code = "transport.corrupt_object";
  readonly disposition = "retry";
}

/** What the object store keeps of an object (ADR-20), as far as a reader needs it. */
const StoredObject = z.object({
  nuid: z.string().regex(/^\w+$/),
  size: z.int().min(0),
  deleted: z.boolean().default(false),
});

/** An object that is there. */
export interface ObjectReader {
  readonly sizeBytes: number;
  /** Its bytes in order, as they arrive. @throws {CorruptObjectError} when they are not as many as the object says */
  chunks(): AsyncGenerator<Uint8Array, void>;
}

/** An adapter of rank 256 on an 8B's seven projections, in F32, has 2.7 GB. */
export const MAX_OBJECT_BYTES = 3 * 1024 ** 3;
/** Chunks of one request, 1 MiB each: what a link may hold up without being cut as a slow one. */
export const CHUNKS_A_READ = 8;

/**
 * Finds an object of an object store. All is asked for in a way that leaves nothing behind on the server: a reader may
 * ask, and nothing else.
 *
 * @returns null when there is none of that name
 * @throws {CorruptObjectError} when what is stored describes no object
 */
export async function openObject(link: NatsLink, bucket: string, name: string): Promise<ObjectReader | null> {
  const described = `${name} of ${bucket}`;
  const stream = objectStream(bucket);
  const find = () => link.manager.direct.getMessage(stream, { last_by_subj: metaSubject(bucket, name) });
  const meta = await link.ask(described, find);
  if (meta === null) return null;
  const { nuid, size, deleted } = parseMeta(described, meta.data);
  if (deleted) return null;
  if (size > MAX_OBJECT_BYTES) {
    throw new CorruptObjectError(
      `${described} says it has ${size} bytes, at most ${MAX_OBJECT_BYTES} are read`,
    );
  }
  const lacking = async () => {
    throw wrongSize(described, size);
  };
  return { sizeBytes: size, chunks: () => readChunks(link, described, bucket, { id: nuid, size }, lacking) };
}

/**
 * The chunks of an upload in order, up to its size.
 *
 * @param onNone - waited for when there is no further chunk yet, and then it is looked for again; throws to give up
 * @throws {CorruptObjectError} when there are more bytes
 */
export async function* readChunks(
  link: NatsLink,
  described: string,
  bucket: string,
  { id, size }: { readonly id: string; readonly size: number },
  onNone: () => Promise<void>,
): AsyncGenerator<Uint8Array, void> {
  for (let filled = 0, next = 1; filled < size; ) {
    const query = { seq: next, batch: CHUNKS_A_READ, next_by_subj: chunkSubject(bucket, id) };
    const before = filled;
    for await (const { sequence, data } of directGet(link, described, objectStream(bucket), query)) {
      filled += data.byteLength;
      if (filled > size) throw wrongSize(described, size);
      next = sequence + 1;
      yield data;
    }
    if (filled === before) await onNone();
  }
}

function wrongSize(described: string, size: number): CorruptObjectError {
  return new CorruptObjectError(`${described} is not of ${size} bytes, as it says`);
}

/** An object whole; null when there is none of that name. Throws as {@link openObject} and its reader do. */
export async function readObject(link: NatsLink, bucket: string, name: string): Promise<Uint8Array | null> {
  const object = await openObject(link, bucket, name);
  if (object === null) return null;
  const bytes = new Uint8Array(object.sizeBytes);
  let filled = 0;
  for await (const chunk of object.chunks()) {
    bytes.set(chunk, filled);
    filled += chunk.byteLength;
  }
  return bytes;
}

/** The subjects of the chunks that the objects of a store have. */
export async function describedUploads(link: NatsLink, bucket: string): Promise<Set<string>> {
  const query = { multi_last: [metaSubject(bucket, null)] };
  const subjects = new Set<string>();
  for await (const { data } of directGet(link, `the objects of ${bucket}`, objectStream(bucket), query)) {
    subjects.add(chunkSubject(bucket, parseMeta(`an object of ${bucket}`, data).nuid));
  }
  return subjects;
}

function parseMeta(described: string, data: Uint8Array): z.output<typeof StoredObject> {
  try {
    return StoredObject.parse(JSON.parse(Buffer.from(data).toString()));
  } catch (cause) {
    throw new CorruptObjectError(`what is stored of ${described} is no description of an object`, { cause });
  }
}
