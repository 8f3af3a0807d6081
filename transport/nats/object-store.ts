import { createHash } from "node:crypto";
import { Objm } from "@nats-io/obj";
import { FleetError } from "../../core/index.ts";
import type { NatsLink } from "./link.ts";
import { chunkSubject, metaSubject, objectNamed, objectStream, runNames } from "./names.ts";
import { CorruptObjectError, describedUploads, openObject, readObject } from "./read-object.ts";
import { type OnStored, writeObject } from "./write-object.ts";

/** There is no object of that digest. */
class ObjectMissingError extends FleetError {
  readonly code = "transport.object_missing";
  readonly disposition = "retry";
}

/** Objects under their SHA-256, in hex. */
export interface DigestStore {
  /**
   * Stores an object while its bytes arrive; one that is there already is left alone, and its bytes are not asked for.
   * Where this fails, nothing is there under the digest that was not there before, or the whole object.
   *
   * @param onStored - told how it goes, unless the object is there already
   * @throws {CorruptObjectError} when the digest is not that of the bytes
   * @throws what `bytes` throws
   */
  put(digest: string, bytes: Uint8Array | AsyncIterable<Uint8Array>, onStored?: OnStored): Promise<void>;
  /**
   * The object's bytes, whose SHA-256 is the digest asked for.
   *
   * @throws {ObjectMissingError}
   * @throws {CorruptObjectError}
   */
  get(digest: string): Promise<Uint8Array>;
  /**
   * The object's bytes in order, as they arrive. Whoever takes them is to compare their SHA-256 before use.
   *
   * @throws {ObjectMissingError}
   * @throws {CorruptObjectError} when they are not as many as they should be
   */
  read(digest: string): AsyncIterable<Uint8Array>;
  /** Deletes an object; one that is not there is no error. */
  delete(digest: string): Promise<void>;
  has(digest: string): Promise<boolean>;
  /** Digests of all objects, and of those whose deletion was cut short; delete these again. */
  list(): Promise<string[]>;
  /** Deletes the chunks of uploads that were cut short and have not gone on for `idleMs`. */
  sweep(idleMs: number): Promise<void>;
}

/** The references (`encodeReference`) too large for a task's message, of a run whose streams exist. */
export function openInstanceStore(link: NatsLink, run: string): Promise<DigestStore> {
  return openDigestStore(link, runNames(run).instances);
}

/** The objects of a bucket that exists. */
export async function openDigestStore(link: NatsLink, bucket: string): Promise<DigestStore> {
  const objects = await new Objm(link.stream).open(bucket, false);
  const { streams, direct } = link.manager;
  const stream = objectStream(bucket);
  const named = (digest: string) => `${digest} of ${bucket}`;

  /** The digest of what is stored under a digest, as the store says; null when nothing is. */
  async function storedAs(digest: string): Promise<string | null> {
    const info = await link.ask(named(digest), () => objects.info(digest));
    if (info === null || info.deleted) return null;
    return Buffer.from(info.digest.replace("SHA-256=", ""), "base64").toString("hex");
  }

  const missing = (digest: string) => new ObjectMissingError(`there is no ${named(digest)}`);

  /** All subjects below one, of which there is a message. */
  async function subjectsOf(filter: string): Promise<string[]> {
    const name = `the objects of ${bucket}`;
    const { state } = await link.ask(name, () => streams.info(stream, { subjects_filter: filter }));
    return Object.keys(state.subjects ?? {});
  }

  async function sweepUpload(subject: string, idleMs: number): Promise<void> {
    const name = `an upload to ${bucket} that was cut short`;
    const last = await link.ask(name, () => direct.getMessage(stream, { last_by_subj: subject }));
    if (last === null || Date.now() - last.time.getTime() < idleMs) return;
    await link.ask(name, () => streams.purge(stream, { filter: subject }));
  }

  return {
    put: async (digest, bytes, onStored) => {
      if ((await storedAs(digest)) === digest) return;
      await writeObject(link, bucket, digest, bytes instanceof Uint8Array ? [bytes] : bytes, onStored);
    },
    get: async (digest) => {
      const bytes = await readObject(link, bucket, digest);
      if (bytes === null) throw missing(digest);
      const actual = sha256(bytes);
      if (actual === digest) return bytes;
      throw new CorruptObjectError(`${named(digest)} has the SHA-256 ${actual}`);
    },
    read: async function* (digest) {
      const object = await openObject(link, bucket, digest);
      if (object === null) throw missing(digest);
      yield* object.chunks();
    },
    has: async (digest) => (await storedAs(digest)) !== null,
    delete: async (digest) => {
      const name = `${named(digest)} to be deleted`;
      await link.ask(name, () => objects.delete(digest));
      // What says that it was deleted goes too, or a run's thousands of adapters make every look slower.
      await link.ask(name, () => streams.purge(stream, { filter: metaSubject(bucket, digest) }));
    },
    list: async () => (await subjectsOf(metaSubject(bucket, null))).map(objectNamed),
    sweep: async (idleMs) => {
      const uploads = await subjectsOf(chunkSubject(bucket, null));
      const known = await describedUploads(link, bucket);
      const cut = uploads.filter((subject) => !known.has(subject));
      await Promise.all(cut.map((subject) => sweepUpload(subject, idleMs)));
    },
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
