import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CoordinatorUnreachableError } from "../../transport/index.ts";
import { collected } from "../support/collected.ts";
import { clientOf, FencedError, serve, untilAborted } from "../support/fleet-over-grpc.ts";

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
    const arrived = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    await using server = await serve({
      collect: async (messages, _, { signal }) => {
        gone = signal;
        for await (const _message of messages) arrived.resolve();
        over.resolve();
      },
    });
    await using client = clientOf(server.port);
    const stream = client.collect();
    await stream.send({ heartbeat: { worker: "w" } });
    await arrived.promise;

    await stream[Symbol.asyncDispose]();

    await over.promise;
    await expect.poll(() => gone?.aborted).toBe(true);
  });

  test("ends with a retry when the coordinator dies, for the sender and the reader", async () => {
    const server = await serve({ collect: async (_, __, { signal }) => void (await untilAborted(signal)) });
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
