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
  /** As `put` does, and tells whoever listens how it goes. @param size - of all bytes */
  upload(digest: string, bytes: AsyncIterable<Uint8Array>, size: number): Promise<void>;
  /**
   * Every upload that begins or goes on from now on, once; ends once `signal` aborts.
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

/** An upload is given up when nothing of it came for this time: it is read from its start once it is whole. */
const QUIET_MS = 10_000;
/** Whoever reads looks for more this often without news, which may be lost. */
const LOOK_MS = 1_000;

const NEWS = "news of uploads";

/** The adapters of a run whose streams exist. */
export async function openAdapterStore(link: NatsLink, run: string): Promise<AdapterStore> {
  const { adapters: bucket, uploadNews } = runNames(run);
  const store = await openDigestStore(link, bucket);

  return {
    ...store,
    upload: async (adapter, bytes, size) => {
      await store.put(adapter, bytes, (id) => {
        link.connection.publish(uploadNews, JSON.stringify({ adapter, id, size } satisfies AdapterUpload));
      });
    },
    uploads: async function* (signal) {
      if (signal.aborted) return;
      using news = hear(link, uploadNews, NEWS, signal);
      let known = "";
      for await (const { data } of news) {
        const upload = parse(data);
        if (upload.id !== known) yield upload;
        known = upload.id;
      }
    },
    readUpload: async function* (upload, signal) {
      const described = `the upload of ${upload.adapter} to ${bucket}`;
      using news = hear(link, uploadNews, NEWS, signal);
      let woken = new AbortController();
      void forEach(news, () => woken.abort()).catch(() => {}); // Without news it is looked for more now and then.
      let lastMs = performance.now();
      const waitForMore = async () => {
        if (performance.now() - lastMs > QUIET_MS) {
          throw new UploadStoppedError(`${described} has not gone on for ${QUIET_MS} ms`);
        }
        await pause(LOOK_MS, AbortSignal.any([signal, woken.signal]));
        if (signal.aborted) throw new CancelledError(`${described} is no longer wanted`);
        woken = new AbortController();
      };
      for await (const chunk of readChunks(link, described, bucket, upload, waitForMore)) {
        lastMs = performance.now();
        yield chunk;
      }
    },
  };
}

async function forEach<T>(items: AsyncIterable<T>, tell: (item: T) => void): Promise<void> {
  for await (const item of items) tell(item);
}

function parse(data: Uint8Array): AdapterUpload {
  try {
    return AdapterUpload.parse(JSON.parse(Buffer.from(data).toString()));
  } catch (cause) {
    throw new MalformedMessageError("news of an upload are none", { cause });
  }
}
