import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { AdapterUpload } from "../../../transport/index.ts";
import { followUploads, type UploadSource } from "../../../workers/index.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { turn } from "../../support/turn.ts";

const upload = (adapter: string, id: string): AdapterUpload => ({ adapter, id, size: 1 });

describe("followUploads", () => {
  it("tells of each upload, with its bytes, and gives up the one before", async () => {
    using followed = follow([[upload("a1", "u1"), upload("a1", "u2"), upload("a2", "u3")]]);

    await expect.poll(() => followed.told.length).toBe(3);

    expect(followed.told).toEqual(["a1 from u1", "a1 from u2", "a2 from u3"]);
    expect(followed.ended).toEqual(["u1 given up", "u2 given up"]);
  });

  it("listens again after it could not", async () => {
    using followed = follow([new Error("the user may not listen"), [upload("a1", "u1")]]);

    await expect.poll(() => followed.told).toEqual(["a1 from u1"]);
  });

  it("gives the last one up, and ends, when it is stopped", async () => {
    using followed = follow([[upload("a1", "u1")]]);
    await expect.poll(() => followed.told.length).toBe(1);

    followed.stop();
    await followed.over;
    await turn();

    expect(followed.ended).toEqual(["u1 given up"]);
  });
});

/** Follows uploads that never come to their end; `heard` is what each listening brings. */
function follow(heard: readonly (readonly AdapterUpload[] | Error)[]) {
  const stop = new AbortController();
  const told: string[] = [];
  const ended: string[] = [];
  const listenings = heard[Symbol.iterator]();
  const source: UploadSource = {
    uploads: async function* (signal) {
      const { value = [] } = listenings.next();
      if (value instanceof Error) throw value;
      for (const one of value) {
        yield one;
        await turn();
      }
      if (!signal.aborted) await once(signal, "abort");
    },
    readUpload: async function* ({ id }, signal) {
      yield Buffer.from(id);
      if (!signal.aborted) await once(signal, "abort");
      ended.push(`${id} given up`);
      throw signal.reason;
    },
  };
  const expectAdapter = async (adapter: string, bytes: AsyncIterable<Uint8Array>) => {
    for await (const id of bytes) told.push(`${adapter} from ${Buffer.from(id).toString()}`);
  };
  const over = followUploads(
    { source, expect: expectAdapter, retryMs: 1, logger: silentLogger },
    stop.signal,
  );
  return { told, ended, over, stop: () => stop.abort(), [Symbol.dispose]: () => stop.abort() };
}
