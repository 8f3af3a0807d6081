import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CancelledError } from "../../core/index.ts";
import type { BatchMessage } from "../../proto/index.ts";
import { collected } from "../support/collected.ts";
import { clientOf, FencedError, serve, untilAborted } from "../support/fleet-over-grpc.ts";

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
        await untilAborted(signal);
      },
    });
    await using client = clientOf(server.port);
    const stop = new AbortController();

    const reading = collected(client.batches({}, { signal: stop.signal }), () => stop.abort());

    await expect(reading).rejects.toThrow(CancelledError);
  });
});
