import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { clientOf, serve } from "../support/fleet-over-grpc.ts";

describe("a policy", () => {
  test("of many chunks arrives whole", async () => {
    const adapter = randomBytes(5_300_000);
    const digest = createHash("sha256").update(adapter).digest("hex");
    await using server = await serve({
      publishPolicy: async (header, chunks) => {
        const bytes = Buffer.concat(await Array.fromAsync(chunks));
        return { version: header.step + (bytes.equals(adapter) ? 0 : 1000) };
      },
    });
    await using client = clientOf(server.port);

    const published = await client.publishPolicy(
      { step: 4, adapter: digest, metrics: { loss: 0.5 } },
      adapter,
    );

    expect(published.version).toBe(4);
  });

  test("that is fetched and has another digest than it should have is refused", async () => {
    await using server = await serve({
      fetchPolicy: async () => ({ adapter: "00", bytes: randomBytes(100) }),
    });
    await using client = clientOf(server.port);

    const fetching = client.fetchPolicy({ run: "run1", version: 1 });

    await expect(fetching).rejects.toMatchObject({ code: "transport.broken_upload", disposition: "retry" });
  });

  test("whose trainer leaves in the middle ends with an error, never short", async () => {
    const ended = Promise.withResolvers<unknown>();
    await using server = await serve({
      publishPolicy: async (_, chunks) => {
        leave.abort();
        await Array.fromAsync(chunks).then(ended.resolve, ended.resolve);
        return { version: 0 };
      },
    });
    await using client = clientOf(server.port);
    const leave = new AbortController();

    const publishing = client.publishPolicy({ step: 1, adapter: "00" }, randomBytes(40_000_000), {
      signal: leave.signal,
    });

    await expect(publishing).rejects.toMatchObject({ disposition: "cancelled" });
    expect(await ended.promise).toMatchObject({ code: "transport.broken_upload" });
  });

  test("that is known is answered before it has arrived, and the next one is taken", async () => {
    const arrived: number[] = [];
    await using server = await serve({
      publishPolicy: async ({ step }, chunks) => {
        if (step === 2) arrived.push(Buffer.concat(await Array.fromAsync(chunks)).byteLength);
        return { version: step };
      },
    });
    await using client = clientOf(server.port);

    const known = await client.publishPolicy({ step: 1, adapter: "00" }, randomBytes(40_000_000));
    const next = await client.publishPolicy({ step: 2, adapter: "01" }, randomBytes(5_000_000));

    expect([known.version, next.version]).toEqual([1, 2]);
    expect(arrived).toEqual([5_000_000]);
  });

  test("that is refused early does not wait for the rest of the upload", async () => {
    await using server = await serve({});
    await using client = clientOf(server.port, "wrong");

    const publishing = client.publishPolicy({ step: 1, adapter: "00" }, randomBytes(40_000_000));

    await expect(publishing).rejects.toMatchObject({ code: "transport.wrong_token" });
  });
});
