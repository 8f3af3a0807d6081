import { describe, expect, test } from "vitest";
import { clientOf, serve, untilAborted } from "../support/fleet-over-grpc.ts";

describe("the client", () => {
  test("leaves no socket behind once it is disposed of", async () => {
    await using server = await serve({
      status: async () => ({}),
      collect: async (_, __, { signal }) => void (await untilAborted(signal)),
    });
    const before = sockets();
    const client = clientOf(server.port);
    await client.status();
    client.collect();

    await client[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();

    await expect.poll(sockets).toBe(before);
  });

  test("says whom it waited for when there is no coordinator", async () => {
    await using client = clientOf(1);

    const failure = client.status({ deadlineMs: 300 });

    await expect(failure).rejects.toThrow("waited 300 ms for the run's status (coordinator at 127.0.0.1:1)");
  });
});

function sockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource.startsWith("TCPSocket")).length;
}
