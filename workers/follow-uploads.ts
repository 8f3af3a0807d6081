import { pause } from "../core/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { AdapterStore, AdapterUpload } from "../transport/index.ts";

/** Where adapters are read while they arrive. */
export type UploadSource = Pick<AdapterStore, "uploads" | "readUpload">;

/** How uploads are followed. */
export interface FollowUploadsOptions {
  readonly source: UploadSource;
  /** Told of an adapter, and where its bytes come from; rejects when they do not come. */
  readonly expect: (adapter: string, bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  /** Listening that failed begins again after this time. */
  readonly retryMs: number;
  readonly logger: Logger;
}

/**
 * Tells `expect` of each adapter whose upload begins, so that it is there once it is a policy's, until `stop` aborts. Only
 * the last upload counts: a run has one trainer, and one that begins again has given up the one before. What fails is
 * logged and left: a policy's adapter is fetched when its pointer is followed.
 */
export async function followUploads(options: FollowUploadsOptions, stop: AbortSignal): Promise<void> {
  const { source, expect, retryMs, logger } = options;
  let last = { given: new AbortController(), done: Promise.resolve() };

  function begin(upload: AdapterUpload): typeof last {
    const given = new AbortController();
    const bytes = source.readUpload(upload, AbortSignal.any([stop, given.signal]));
    const { adapter } = upload;
    const done = expect(adapter, bytes).then(
      () => logger.debug("adapter there before its policy", { adapter }),
      (error: unknown) => {
        if (!stop.aborted) logger.info("adapter not read while it arrived", { adapter, error });
      },
    );
    return { given, done };
  }

  async function follow(): Promise<void> {
    for await (const upload of source.uploads(stop)) {
      last.given.abort();
      await last.done;
      last = begin(upload);
    }
  }

  while (!stop.aborted) {
    await follow().catch((error: unknown) => logger.warn("uploads not heard of", { error }));
    await pause(retryMs, stop);
  }
}
