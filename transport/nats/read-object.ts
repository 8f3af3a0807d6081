import { z } from "zod";
import { FleetError } from "../../core/index.ts";
import { directGet } from "./direct-get.ts";
import type { NatsLink } from "./link.ts";
import { metaSubject, objectStream } from "./names.ts";

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

/** An adapter of rank 256 on an 8B's seven projections, in F32, has 2.7 GB. */
const MAX_OBJECT_BYTES = 3 * 1024 ** 3;
/** Chunks of one request, 1 MiB each. */
const CHUNKS_AT_ONCE = 8;

/**
 * Reads an object of an object store, and asks for it in a way that leaves nothing behind on the server: a reader may
 * ask, and nothing else.
 *
 * @returns null when there is none of that name
 * @throws {CorruptObjectError} when what is stored is not as long as it says
 */
export async function readObject(link: NatsLink, bucket: string, name: string): Promise<Uint8Array | null> {
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

  const bytes = new Uint8Array(size);
  const subject = `$O.${bucket}.C.${nuid}`;
  for (let filled = 0, next = 1; filled < size; ) {
    const query = { seq: next, batch: CHUNKS_AT_ONCE, next_by_subj: subject };
    const chunks = await link.ask(described, () => directGet(link, stream, query));
    if (chunks.length === 0) throw wrongSize(described, size);
    for (const { sequence, data } of chunks) {
      if (filled + data.byteLength > size) throw wrongSize(described, size);
      bytes.set(data, filled);
      filled += data.byteLength;
      next = sequence + 1;
    }
  }
  return bytes;
}

function wrongSize(described: string, size: number): CorruptObjectError {
  return new CorruptObjectError(`${described} is not of ${size} bytes, as it says`);
}

function parseMeta(described: string, data: Uint8Array): z.output<typeof StoredObject> {
  try {
    return StoredObject.parse(JSON.parse(Buffer.from(data).toString()));
  } catch (cause) {
    throw new CorruptObjectError(`what is stored of ${described} is no description of an object`, { cause });
  }
}
