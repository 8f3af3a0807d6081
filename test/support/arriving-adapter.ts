import { createHash } from "node:crypto";
import {
  type AdapterStore,
  type AdapterUpload,
  type NatsLink,
  openAdapterStore,
} from "../../transport/index.ts";

/** An upload to a run's store that has come half of its way. */
export interface ArrivingAdapter extends AsyncDisposable {
  /** SHA-256 of the whole, in hex. */
  readonly digest: string;
  /** Sends the rest; resolves once all is stored. */
  end(): Promise<void>;
  /** Gives the upload up; resolves once nothing is left of it. */
  cut(): Promise<void>;
}

/** Begins to upload an adapter; resolves once the first half is on its way. Disposing gives up what has not ended. */
export async function beginUpload(
  link: NatsLink,
  run: string,
  adapter: Uint8Array,
): Promise<ArrivingAdapter> {
  const store = await openAdapterStore(link, run);
  const digest = createHash("sha256").update(adapter).digest("hex");
  const half = Promise.withResolvers<void>();
  const rest = Promise.withResolvers<void>();
  async function* bytes() {
    yield adapter.subarray(0, adapter.byteLength / 2);
    half.resolve();
    await rest.promise;
    yield adapter.subarray(adapter.byteLength / 2);
  }
  const uploaded = store.upload(digest, bytes(), adapter.byteLength);
  uploaded.catch(() => {}); // Looked at below.
  await half.promise;
  const cut = async () => {
    rest.reject(new Error("cut short"));
    await uploaded.catch(() => {});
  };
  return {
    digest,
    end: async () => {
      rest.resolve();
      await uploaded;
    },
    cut,
    [Symbol.asyncDispose]: cut,
  };
}

/** What `use` makes of the next upload that a store hears of. It listens once this has returned. */
export async function heardUpload<T>(
  store: AdapterStore,
  use: (upload: AdapterUpload) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const heard = await store.uploads(stop.signal)[Symbol.asyncIterator]().next();
  stop.abort();
  return use(heard.value as AdapterUpload);
}
