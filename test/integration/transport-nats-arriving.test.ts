import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openAdapterStore } from "../../transport/index.ts";
import { beginUpload, heardUpload } from "../support/arriving-adapter.ts";
import { openTestNats } from "../support/nats.ts";

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const never = new AbortController().signal;

describe("an adapter that is read while it arrives", () => {
  test("is there a chunk at a time, as its chunks are stored", async () => {
    await using both = await openBoth();
    const adapter = randomBytes(5_000_000);
    const arrived: Uint8Array[] = [];
    const reading = heardUpload(both.reader, async (upload) => {
      for await (const chunk of both.reader.readUpload(upload, never)) arrived.push(chunk);
    });

    await both.flush();
    await using upload = await beginUpload(both.link, both.run, adapter);
    await expect.poll(() => arrived.length).toBe(2);
    await upload.end();
    await reading;

    expect(adapter.equals(Buffer.concat(arrived))).toBe(true);
  });

  test("and stops is given up, with its name, and what was cut short is not taken for the whole", async () => {
    await using both = await openBoth();
    const reading = heardUpload(both.reader, (upload) =>
      Array.fromAsync(both.reader.readUpload(upload, never)),
    );
    reading.catch(() => {}); // Looked at below.

    await both.flush();
    await using upload = await beginUpload(both.link, both.run, randomBytes(3_000_000));
    await upload.cut();

    await expect(reading).rejects.toMatchObject({
      code: "transport.upload_stopped",
      disposition: "retry",
      message: `the upload of ${upload.digest} to ADAPTERS_test has not gone on for 10000 ms`,
    });
  }, 30_000);

  test("is left at once when it is no longer wanted", async () => {
    await using both = await openBoth();
    const stop = new AbortController();
    const reading = heardUpload(both.reader, (upload) =>
      Array.fromAsync(both.reader.readUpload(upload, stop.signal)),
    );
    reading.catch(() => {}); // Looked at below.

    await both.flush();
    await using _upload = await beginUpload(both.link, both.run, randomBytes(3_000_000));
    stop.abort();

    await expect(reading).rejects.toMatchObject({ code: "core.cancelled" });
  });

  test("is not taken when it has more bytes than was said", async () => {
    await using both = await openBoth();
    const adapter = randomBytes(3_000_000);
    const reading = heardUpload(both.reader, (upload) =>
      Array.fromAsync(both.reader.readUpload(upload, never)),
    );
    reading.catch(() => {}); // Looked at below.

    await both.flush();
    const store = await openAdapterStore(both.link, both.run);
    await store.upload(sha256(adapter), whole(adapter), 2_000_000);

    await expect(reading).rejects.toMatchObject({ code: "transport.corrupt_object" });
  });

  test("is heard of in its middle too", async () => {
    await using both = await openBoth();
    const adapter = randomBytes(20_000_000);

    await using upload = await beginUpload(both.link, both.run, adapter);
    const reading = heardUpload(both.reader, (heard) =>
      Array.fromAsync(both.reader.readUpload(heard, never)),
    );
    await both.flush();
    await upload.end();

    expect(adapter.equals(Buffer.concat(await reading))).toBe(true);
  });

  test("that is there already is no news", async () => {
    await using both = await openBoth();
    const [known, fresh] = [randomBytes(1_000), randomBytes(1_000)];
    const store = await openAdapterStore(both.link, both.run);
    await store.upload(sha256(known), whole(known), known.byteLength);
    const next = heardUpload(both.reader, async ({ adapter }) => adapter);

    await both.flush();
    await store.upload(sha256(known), whole(known), known.byteLength);
    await store.upload(sha256(fresh), whole(fresh), fresh.byteLength);

    expect(await next).toBe(sha256(fresh));
  });
});

/** A coordinator's link to a run, and a worker's store. */
async function openBoth() {
  const nats = await openTestNats();
  const worker = await nats.link("worker");
  return {
    run: nats.run,
    link: await nats.link("coordinator"),
    reader: await openAdapterStore(worker, nats.run),
    /** Resolves once the server knows to what the worker listens. */
    flush: () => worker.connection.flush(),
    [Symbol.asyncDispose]: () => nats[Symbol.asyncDispose](),
  };
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
