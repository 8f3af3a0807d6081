import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CancelledError, DeadlineError } from "../../core/index.ts";
import { RemoteError, serveFleet } from "../../transport/index.ts";
import { handlersThat } from "../support/fleet-handlers.ts";
import { clientOf, FencedError, serve, TOKEN, untilAborted } from "../support/fleet-over-grpc.ts";
import { rawClient } from "../support/raw-grpc-client.ts";

describe("a unary call", () => {
  test("carries request and answer, with the protocol number and the trace context", async () => {
    const seen: unknown[] = [];
    await using server = await serve({
      connect: async ({ protocol, role, name }, { traceparent }) => {
        seen.push({ protocol, role, name, traceparent });
        return { run: "r1", baseDigest: "ab" };
      },
    });
    await using client = clientOf(server.port);

    const answer = await client.connect("worker", { traceparent: "00-aa-bb-01" });

    expect(answer).toMatchObject({ run: "r1", baseDigest: "ab", natsUrl: "" });
    expect(seen).toEqual([{ protocol: 1, role: "worker", name: "test", traceparent: "00-aa-bb-01" }]);
  });

  test("without the run's token is refused before a handler sees it", async () => {
    let called = false;
    await using server = await serve({
      status: async () => {
        called = true;
        return {};
      },
    });
    await using client = clientOf(server.port, "wrong");

    const failure = await client.status().catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: "transport.wrong_token", disposition: "reject" });
    expect(called).toBe(false);
  });

  test("brings back the code, disposition and message of the coordinator's error", async () => {
    await using server = await serve({
      lease: async () => {
        throw new FencedError("another coordinator wrote sequence 7 – größer\nthan ours");
      },
    });
    await using client = clientOf(server.port);

    const failure = await client.lease({ task: "t" }).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(RemoteError);
    expect(failure).toMatchObject({
      code: "test.fenced",
      disposition: "fatal",
      message: "another coordinator wrote sequence 7 – größer\nthan ours",
    });
  });

  test("that meets a fault in a handler may be tried again, and the fault is reported to the server", async () => {
    const faults: unknown[] = [];
    await using server = await serveFleet({
      host: "127.0.0.1",
      port: 0,
      token: TOKEN,
      handlers: handlersThat({
        status: async () => {
          throw new TypeError("undefined is not a function");
        },
      }),
      onUnexpected: (error) => faults.push(error),
    });
    await using client = clientOf(server.port);

    const failure = await client.status().catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: "transport.handler_failed", disposition: "retry" });
    expect(faults).toEqual([expect.any(TypeError)]);
  });

  test("that is not answered in time names what was waited for", async () => {
    let signal: AbortSignal | undefined;
    await using server = await serve({
      lease: async (_, context) => {
        signal = context.signal;
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
        return {};
      },
    });
    await using client = clientOf(server.port);

    const failure = await client.lease({ task: "t9" }, { deadlineMs: 200 }).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(DeadlineError);
    expect((failure as Error).message).toMatch(/^waited 200 ms for a lease of task t9 \(coordinator at 127/);
    await expect.poll(() => signal?.aborted).toBe(true);
  });

  test("ends with its signal", async () => {
    await using server = await serve({ status: (context) => untilAborted(context.signal) });
    await using client = clientOf(server.port);
    const stop = new AbortController();

    const failure = client.status({ signal: stop.signal }).catch((error: unknown) => error);
    await sleep(20);
    stop.abort();

    expect(await failure).toBeInstanceOf(CancelledError);
  });

  test("waits for a coordinator that is being started again", async () => {
    const first = await serve({ status: async () => ({ step: 1 }) });
    await using client = clientOf(first.port);
    await client.status();
    await first[Symbol.asyncDispose]();

    const answer = client.status();
    await sleep(300);
    await using _second = await serve({ status: async () => ({ step: 2 }) }, first.port);

    expect((await answer).step).toBe(2);
  });

  test("of another protocol is refused in one sentence", async () => {
    await using server = await serve({});
    await using peer = rawClient(server.port, "fleet.v1.Fleet", TOKEN);

    const failure = await peer.call("Connect", { protocol: 7 }).catch((error: unknown) => error);

    expect(failure).toMatchObject({ details: expect.stringMatching(/speaks protocol 1, the caller 7/) });
  });
});
