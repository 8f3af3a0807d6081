import { connect } from "node:http2";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { protoPath as healthProto } from "grpc-health-check";
import { describe, expect, test } from "vitest";
import { clientOf, serve, TOKEN } from "../support/fleet-over-grpc.ts";
import { rawClient } from "../support/raw-grpc-client.ts";

const REFLECTION_PROTO = join(
  fileURLToPath(import.meta.resolve("@grpc/reflection")),
  "../../proto/grpc/reflection/v1/reflection.proto",
);

describe("the server", () => {
  test("says in one sentence that its port is in use", async () => {
    await using other = await openListener();

    await expect(serve({}, other.port)).rejects.toThrow(
      `port ${other.port} on 127.0.0.1 is in use by another process`,
    );
  });

  test("answers health to anyone, and nothing else", async () => {
    await using server = await serve({});
    await using health = rawClient(server.port, "grpc.health.v1.Health", "", healthProto);
    await using stranger = rawClient(server.port, "fleet.v1.Fleet", "");

    expect(await health.call("check", { service: "" })).toEqual({ status: "SERVING" });
    await expect(stranger.call("status", {})).rejects.toThrow("does not carry the run's token");
  });

  test("describes its services to a caller with the token", async () => {
    await using server = await serve({});
    await using peer = rawClient(server.port, "grpc.reflection.v1.ServerReflection", TOKEN, REFLECTION_PROTO);

    const answer = await peer.exchange("ServerReflectionInfo", { listServices: "" });

    expect(JSON.stringify(answer)).toContain("fleet.v1.RolloutCollector");
  });

  test("closes within its grace when a handler does not end, and leaves no connection", async () => {
    const server = await serve({ collect: () => new Promise(() => {}) });
    await using client = clientOf(server.port);
    await using stream = client.collect();
    await stream.send({ heartbeat: {} });
    await sleep(50);
    const started = performance.now();

    await server[Symbol.asyncDispose]();

    expect(performance.now() - started).toBeLessThan(3_000);
    await using _free = await openListener(server.port);
  });

  test("lets a caller have a MiB under way, in a call and on its connection", async () => {
    await using server = await serve({});
    const session = connect(`http://127.0.0.1:${server.port}`);
    try {
      session.request({ ":method": "POST", ":path": "/fleet.v1.Fleet/Status" }).on("error", () => {});

      await expect
        .poll(() => [session.remoteSettings.initialWindowSize, session.state.remoteWindowSize])
        .toEqual([2 ** 20, 2 ** 20]);
    } finally {
      session.destroy();
    }
  });

  test("can be closed twice", async () => {
    const server = await serve({});

    await server[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
});

async function openListener(port = 0): Promise<AsyncDisposable & { port: number }> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", resolve));
  const address = listener.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
