import { createHash } from "node:crypto";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { FleetError, withDeadline } from "../../core/index.ts";
import type { NatsLink } from "./link.ts";
import { runNames } from "./names.ts";
import { CorruptObjectError, readObject } from "./read-object.ts";

/** There is no object of that digest. */
class ObjectMissingError extends FleetError {
  readonly code = "transport.object_missing";
  readonly disposition = "retry";
}

/** Objects under their SHA-256, in hex. */
export interface DigestStore {
  /**
   * Stores an object; one that is there already is left alone.
   *
   * @throws {CorruptObjectError} when the digest is not that of the bytes
   */
  put(digest: string, bytes: Uint8Array): Promise<void>;
  /**
   * The object's bytes, whose SHA-256 is the digest asked for.
   *
   * @throws {ObjectMissingError}
   * @throws {CorruptObjectError}
   */
  get(digest: string): Promise<Uint8Array>;
  /** Deletes an object; one that is not there is no error. */
  delete(digest: string): Promise<void>;
  /** Digests of all objects. */
  list(): Promise<string[]>;
}

const CHUNK_BYTES = 512 * 1024;
const UPLOAD_DEADLINE_MS = 300_000;
const LIST_DEADLINE_MS = 30_000;

/** The adapters of a run whose streams exist. */
export function openAdapterStore(link: NatsLink, run: string): Promise<DigestStore> {
  return openDigestStore(link, runNames(run).adapters);
}

/** The references (`encodeReference`) too large for a task's message, of a run whose streams exist. */
export function openInstanceStore(link: NatsLink, run: string): Promise<DigestStore> {
  return openDigestStore(link, runNames(run).instances);
}

async function openDigestStore(link: NatsLink, bucket: string): Promise<DigestStore> {
  const objects = await new Objm(link.stream).open(bucket, false);
  const named = (digest: string) => `${digest} of ${bucket}`;

  async function put(digest: string, bytes: Uint8Array): Promise<void> {
    const actual = sha256(bytes);
    if (actual !== digest)
      throw new CorruptObjectError(`bytes of digest ${actual} cannot be stored as ${digest}`);
    const present = await link.ask(named(digest), () => objects.info(digest));
    if (present !== null && !present.deleted && present.size === bytes.byteLength) return;
    const name = `${named(digest)} to be stored`;
    const meta = { name: digest, options: { max_chunk_size: CHUNK_BYTES } };
    await link.ask(name, () => withDeadline(name, UPLOAD_DEADLINE_MS, objects.putBlob(meta, bytes)));
  }

  return {
    put,
    get: async (digest) => {
      const bytes = await readObject(link, bucket, digest);
      if (bytes === null) throw new ObjectMissingError(`there is no ${named(digest)}`);
      const actual = sha256(bytes);
      if (actual === digest) return bytes;
      throw new CorruptObjectError(`${named(digest)} has the SHA-256 ${actual}`);
    },
    delete: async (digest) => {
      await link.ask(`${named(digest)} to be deleted`, () => objects.delete(digest));
    },
    list: () => link.ask(`the objects of ${bucket}`, () => list(objects, bucket)),
  };
}

async function list(objects: ObjectStore, bucket: string): Promise<string[]> {
  const { streamInfo } = await objects.status();
  if (streamInfo.state.messages === 0) return [];
  const infos = await withDeadline(`the objects of ${bucket}`, LIST_DEADLINE_MS, objects.list());
  return infos.map(({ name }) => name);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
