import { z } from "zod";
import { CancelledError, FleetError, pause } from "../../core/index.ts";
import { MalformedMessageError } from "../codec/messages.ts";
import { hear } from "./hear.ts";
import type { NatsLink } from "./link.ts";
import { runNames } from "./names.ts";
import { type DigestStore, openDigestStore } from "./object-store.ts";
import { MAX_OBJECT_BYTES, readChunks } from "./read-object.ts";

/** The rest of an upload does not come. */
class UploadStoppedError extends FleetError {
  readonly code = "transport.upload_stopped";
  readonly disposition = "retry";
}

const AdapterUpload = z.object({
  /** SHA-256 of the adapter, in hex. */
  adapter: z.string().regex(/^[0-9a-f]{64}$/),
  /** The upload's, by which its chunks are found. */
  id: z.string().regex(/^\w+$/),
  /** Of the whole adapter, in bytes. */
  size: z.int().min(0).max(MAX_OBJECT_BYTES),
});

/** An adapter that is being stored. It may yet turn out to be another one than it says, or never be whole. */
export type AdapterUpload = Readonly<z.output<typeof AdapterUpload>>;

/** A run's adapters, which can be read while they arrive. */
export interface AdapterStore extends DigestStore {
  /** As `put` does, and tells whoever listens at the upload's begin. @param size - of all bytes */
  upload(digest: string, bytes: AsyncIterable<Uint8Array>, size: number): Promise<void>;
  /**
   * Every upload from now on; ends once `signal` aborts. One that begins while the connection is lost is not heard of.
   *
   * @throws {MalformedMessageError | NotPermittedError}
   */
  uploads(signal: AbortSignal): AsyncIterable<AdapterUpload>;
  /**
   * An upload's bytes in order, those under way as they become durable. Whoever takes them is to compare their SHA-256
   * before use.
   *
   * @throws {UploadStoppedError} when no more came for 10 s
   * @throws {CorruptObjectError} when they are more than were announced
   * @throws {CancelledError} when `signal` aborts before the end
   */
  readUpload(upload: AdapterUpload, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** An upload whose next chunk takes longer than this is read again from the start, once it is whole. */
const QUIET_MS = 10_000;
/** Bounds of the time between two looks for a chunk: the longer none came, the longer. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 250;

/** The adapters of a run whose streams exist. */
export async function openAdapterStore(link: NatsLink, run: string): Promise<AdapterStore> {
  const { adapters: bucket, uploadNews } = runNames(run);
  const store = await openDigestStore(link, bucket);

  return {
    ...store,
    upload: async (adapter, bytes, size) => {
      const tell = (id: string) =>
        link.connection.publish(uploadNews, JSON.stringify({ adapter, id, size } satisfies AdapterUpload));
      await store.put(adapter, bytes, tell);
    },
    uploads: async function* (signal) {
      if (signal.aborted) return;
      using news = hear(link, uploadNews, "news of uploads", signal);
      for await (const { data } of news) yield parse(data);
    },
    readUpload: async function* (upload, signal) {
      const described = `the upload of ${upload.adapter} to ${bucket}`;
      let quietMs = 0;
      const waitForMore = async () => {
        if (quietMs >= QUIET_MS) throw new UploadStoppedError(`${described} stopped for ${QUIET_MS} ms`);
        const waitMs = Math.min(LAST_LOOK_MS, Math.max(FIRST_LOOK_MS, quietMs));
        await pause(waitMs, signal);
        if (signal.aborted) throw new CancelledError(`${described} is no longer wanted`);
        quietMs += waitMs;
      };
      for await (const chunk of readChunks(link, described, bucket, upload, waitForMore)) {
        quietMs = 0;
        yield chunk;
      }
    },
  };
}

function parse(data: Uint8Array): AdapterUpload {
  try {
    return AdapterUpload.parse(JSON.parse(Buffer.from(data).toString()));
  } catch (cause) {
    throw new MalformedMessageError("news of an upload are none", { cause });
  }
}
