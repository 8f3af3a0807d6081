import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { clientOf, serve } from "../support/fleet-over-grpc.ts";

describe("a policy", () => {
  test("of many chunks arrives whole", async () => {
    const adapter = randomBytes(5_300_000);
    const digest = createHash("sha256").update(adapter).digest("hex");
    await using server = await serve({
      publishPolicy: async (header, bytes) => ({
        version: header.step + (Buffer.from(bytes).equals(adapter) ? 0 : 1000),
      }),
    });
    await using client = clientOf(server.port);

    const published = await client.publishPolicy(
      { step: 4, adapter: digest, metrics: { loss: 0.5 } },
      adapter,
    );

    expect(published.version).toBe(4);
  });

  test("whose bytes are not those of its digest never reaches the coordinator", async () => {
    await using server = await serve({});
    await using client = clientOf(server.port);

    const publishing = client.publishPolicy({ step: 1, adapter: "00" }, randomBytes(100));

    await expect(publishing).rejects.toMatchObject({ code: "transport.broken_upload", disposition: "retry" });
  });

  test("that is refused early does not wait for the rest of the upload", async () => {
    await using server = await serve({});
    await using client = clientOf(server.port, "wrong");

    const publishing = client.publishPolicy({ step: 1, adapter: "00" }, randomBytes(40_000_000));

    await expect(publishing).rejects.toMatchObject({ code: "transport.wrong_token" });
  });
});
