import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { protoPath as healthProto } from "grpc-health-check";
import { describe, expect, test } from "vitest";
import { CancelledError, DeadlineError, FleetError } from "../../core/index.ts";
import type { BatchMessage, CollectAnswer } from "../../proto/index.ts";
import {
  CoordinatorUnreachableError,
  type FleetHandlers,
  openFleetClient,
  RemoteError,
  serveFleet,
} from "../../transport/index.ts";
import { handlersThat } from "../support/fleet-handlers.ts";

const TOKEN = "right";
const REFLECTION_PROTO = join(
  fileURLToPath(import.meta.resolve("@grpc/reflection")),
  "../../proto/grpc/reflection/v1/reflection.proto",
);

const serve = (handlers: Partial<FleetHandlers>, port = 0) =>
  serveFleet({ host: "127.0.0.1", port, token: TOKEN, handlers: handlersThat(handlers), graceMs: 1_000 });

const clientOf = (port: number, token = TOKEN) =>
  openFleetClient({ address: `127.0.0.1:${port}`, token, name: "test" });

class FencedError extends FleetError {
  readonly code = "test.fenced";
  readonly disposition = "fatal";
}

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
    await using server = await serve({ status: (context) => once(context.signal) });
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

describe("the collect stream", () => {
  test("carries messages one way and answers the other, in any order", async () => {
    await using server = await serve({
      collect: async (messages, answers) => {
        const late: (() => Promise<void>)[] = [];
        for await (const { finished } of messages) {
          late.unshift(() =>
            answers.send({ sample: { task: finished?.lease ?? "", outcome: "OUTCOME_ACCEPTED" } }),
          );
        }
        for (const answer of late) await answer();
      },
    });
    await using client = clientOf(server.port);
    await using stream = client.collect();

    await stream.send({ finished: { lease: "a" } });
    await stream.send({ finished: { lease: "b" } });
    const [answers] = await Promise.all([collected(stream.answers), stream.close()]);

    expect(answers.map((answer) => answer.sample?.task)).toEqual(["b", "a"]);
    expect(answers[0]?.answer).toBe("sample");
  });

  test("holds back a worker while the coordinator does not read", async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await serve({
      collect: async (messages) => {
        await gate.promise;
        for await (const _ of messages);
      },
    });
    await using client = clientOf(server.port);
    await using stream = client.collect();
    const message = { finished: { rollout: { promptTokens: randomBytes(1_000_000) } } };
    let sent = 0;

    const sending = (async () => {
      for (; sent < 100; sent++) await stream.send(message);
    })();
    await sleep(500);
    const sentBefore = sent;
    gate.resolve();
    await sending;

    expect(sentBefore).toBeLessThan(60);
    expect(sent).toBe(100);
  });

  test("tells the coordinator when the worker is gone, and ends its messages", async () => {
    let gone: AbortSignal | undefined;
    const over = Promise.withResolvers<void>();
    await using server = await serve({
      collect: async (messages, _, { signal }) => {
        gone = signal;
        for await (const _message of messages);
        over.resolve();
      },
    });
    await using client = clientOf(server.port);
    const stream = client.collect();
    await stream.send({ heartbeat: { worker: "w" } });
    await sleep(50);

    await stream[Symbol.asyncDispose]();

    await over.promise;
    await expect.poll(() => gone?.aborted).toBe(true);
  });

  test("ends with a retry when the coordinator dies, for the sender and the reader", async () => {
    const server = await serve({ collect: async (_, __, { signal }) => void (await once(signal)) });
    await using client = clientOf(server.port);
    await using stream = client.collect();
    await stream.send({ heartbeat: { worker: "w" } });
    const reading = collected(stream.answers).catch((error: unknown) => error);
    await sleep(50);

    await server[Symbol.asyncDispose]();
    const failed = await reading;
    const sendAfter = await stream.send({ heartbeat: {} }).catch((error: unknown) => error);

    expect(failed).toBeInstanceOf(CoordinatorUnreachableError);
    expect(sendAfter).toBe(failed);
  });

  test("reports the coordinator's refusal to the reader", async () => {
    await using server = await serve({
      collect: async () => {
        throw new FencedError("fenced");
      },
    });
    await using client = clientOf(server.port);
    await using stream = client.collect();

    await expect(collected(stream.answers)).rejects.toMatchObject({
      code: "test.fenced",
      disposition: "fatal",
    });
  });

  test("answers what was read while the server is closing", async () => {
    const read = Promise.withResolvers<void>();
    const server = await serve({
      collect: async (messages, answers) => {
        for await (const { heartbeat } of messages) {
          read.resolve();
          await answers.send({ heartbeat: { lost: heartbeat?.leases ?? [] } });
        }
        await answers.send({ release: { lease: "last" } });
      },
    });
    await using client = clientOf(server.port);
    await using stream = client.collect();
    await stream.send({ heartbeat: { leases: ["a"] } });
    const answers: (string | undefined)[] = [];
    const reading = collected(stream.answers, ({ answer }) => answers.push(answer));
    const outcome = expect(reading).rejects.toThrow(CoordinatorUnreachableError);
    await read.promise;

    await server[Symbol.asyncDispose]();

    await outcome;
    expect(answers).toEqual(["heartbeat", "release"]);
  });
});

describe("the stream of batches", () => {
  test("is produced only as fast as the trainer reads, and stops when it leaves", async () => {
    let produced = 0;
    const ended = Promise.withResolvers<void>();
    await using server = await serve({
      batches: async function* () {
        try {
          for (; produced < 200; produced++) {
            yield { group: { task: String(produced), rollouts: [{ promptTokens: randomBytes(1_000_000) }] } };
          }
        } finally {
          ended.resolve();
        }
      },
    });
    await using client = clientOf(server.port);
    const read: BatchMessage[] = [];

    for await (const message of client.batches({ run: "r" })) {
      read.push(message);
      await sleep(100);
      if (read.length === 3) break;
    }
    await ended.promise;

    expect(read.map((message) => message.group?.task)).toEqual(["0", "1", "2"]);
    expect(produced).toBeLessThan(80);
  });

  test("ends for the trainer with the coordinator's error", async () => {
    await using server = await serve({
      // biome-ignore lint/correctness/useYield: a session that is refused has no messages
      batches: async function* () {
        throw new FencedError("the checkpoint is two steps ahead");
      },
    });
    await using client = clientOf(server.port);

    await expect(collected(client.batches({}))).rejects.toThrow("the checkpoint is two steps ahead");
  });

  test("ends with the trainer's signal while nothing comes", async () => {
    await using server = await serve({
      batches: async function* (_, { signal }) {
        yield { opened: { epoch: 1 } };
        await once(signal);
      },
    });
    await using client = clientOf(server.port);
    const stop = new AbortController();

    const reading = collected(client.batches({}, { signal: stop.signal }), () => stop.abort());

    await expect(reading).rejects.toThrow(CancelledError);
  });
});

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

  test("can be closed twice", async () => {
    const server = await serve({});

    await server[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
});

describe("the client", () => {
  test("leaves no socket behind once it is disposed of", async () => {
    await using server = await serve({
      status: async () => ({}),
      collect: async (_, __, { signal }) => void (await once(signal)),
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

/** Resolves with an empty message when `signal` aborts. */
function once(signal: AbortSignal): Promise<Record<string, never>> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve({}), { once: true }));
}

async function collected<T>(source: AsyncIterable<T>, onEach: (item: T) => void = () => {}): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) {
    all.push(item);
    onEach(item);
  }
  return all satisfies T[] | CollectAnswer[];
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource.startsWith("TCPSocket")).length;
}

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

/** A caller that knows only the `.proto` files, as one in another language would. */
function rawClient(port: number, service: string, token: string, file?: string) {
  const definitions = file
    ? loadSync(file, { enums: String })
    : loadSync("fleet/v1/fleet.proto", { includeDirs: ["proto"] });
  const methods = Object.values(definitions[service] as Record<string, RawMethod>);
  const methodOf = (name: string) => {
    const found = methods.find(({ path }) => path.toLowerCase().endsWith(`/${name.toLowerCase()}`));
    if (found === undefined) throw new Error(`no method ${name}`);
    return found;
  };
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const metadata = new Metadata();
  if (token !== "") metadata.set("authorization", `Bearer ${token}`);
  return {
    call: (name: string, request: object) =>
      new Promise<unknown>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = methodOf(name);
        const done = (error: Error | null, answer?: object) => (error ? reject(error) : resolve(answer));
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, done);
      }),
    /** Sends one message on a stream and resolves with the first answer. */
    exchange: (name: string, request: object) =>
      new Promise<unknown>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = methodOf(name);
        const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
        stream.once("data", resolve).once("error", reject);
        stream.end(request);
      }),
    [Symbol.asyncDispose]: async () => client.close(),
  };
}

interface RawMethod {
  readonly path: string;
  readonly requestSerialize: (request: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}
