import { createHash } from "node:crypto";
import { Objm, setSha256Backend } from "@nats-io/obj";
import { FleetError, withDeadline } from "../../core/index.ts";
import type { NatsLink } from "./link.ts";
import { metaSubject, objectNamed, objectStream, runNames } from "./names.ts";
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
  has(digest: string): Promise<boolean>;
  /** Digests of all objects, and of those whose deletion was cut short; delete these again. */
  list(): Promise<string[]>;
}

/** As much as a server takes in one message unless told otherwise. */
const CHUNK_BYTES = 1024 * 1024;
const UPLOAD_DEADLINE_MS = 300_000;

setSha256Backend("native"); // Node's own: an adapter of 40 MB takes 0.1 s instead of one.

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
  const { streams } = link.manager;
  const stream = objectStream(bucket);
  const named = (digest: string) => `${digest} of ${bucket}`;

  /** The digest of what is stored under a digest, as the store says; null when nothing is. */
  async function storedAs(digest: string): Promise<string | null> {
    const info = await link.ask(named(digest), () => objects.info(digest));
    if (info === null || info.deleted) return null;
    return Buffer.from(info.digest.replace("SHA-256=", ""), "base64").toString("hex");
  }

  async function put(digest: string, bytes: Uint8Array): Promise<void> {
    const actual = sha256(bytes);
    if (actual !== digest)
      throw new CorruptObjectError(`bytes of digest ${actual} cannot be stored as ${digest}`);
    if ((await storedAs(digest)) === digest) return;
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
    has: async (digest) => (await storedAs(digest)) !== null,
    delete: async (digest) => {
      const name = `${named(digest)} to be deleted`;
      await link.ask(name, () => objects.delete(digest));
      // What says that it was deleted goes too, or a run's thousands of adapters make every look slower.
      await link.ask(name, () => streams.purge(stream, { filter: metaSubject(bucket, digest) }));
    },
    list: async () => {
      const filter = { subjects_filter: metaSubject(bucket, null) };
      const { state } = await link.ask(`the objects of ${bucket}`, () => streams.info(stream, filter));
      return Object.keys(state.subjects ?? {}).map(objectNamed);
    },
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
