import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createTaskPublisher, openTaskQueue, taskAddress } from "../../transport/index.ts";
import { openTestNats, type TestNats } from "../support/nats.ts";
import { bytes, text } from "../support/utf8.ts";

const never = new AbortController().signal;

describe("tasks", () => {
  test("reach one worker each, with their trace context, and leave the queue when acknowledged", async () => {
    await using nats = await openTestNats();
    const { publisher, pullers } = await queues(nats, 2);
    await publisher.publish(task("a"), bytes("A"), "00-01-02-01");
    await publisher.publish(task("b"), bytes("B"));

    const taken = await Promise.all(pullers.map((queue) => queue.pull(5_000, never)));

    expect(taken.map((delivery) => text(delivery?.data ?? new Uint8Array())).sort()).toEqual(["A", "B"]);
    expect(taken.map((delivery) => delivery?.traceparent).sort()).toEqual(["", "00-01-02-01"]);
    expect(await publisher.list()).toHaveLength(2);
    for (const delivery of taken) delivery?.ack();
    await expect.poll(() => publisher.list()).toEqual([]);
    expect(taskAddress(taken[0]?.subject ?? "")).toMatchObject({
      lane: "train",
      variant: "base",
      dispatch: 0,
    });
  });

  test("are delivered again after a nak at once, and after the wait when nothing is heard", async () => {
    await using nats = await openTestNats({ streams: { ackWaitMs: 1_000 } });
    const { publisher, pullers } = await queues(nats, 1);
    const [queue] = pullers;
    await publisher.publish(task("a"), bytes("A"));

    (await queue?.pull(2_000, never))?.nak();
    const second = await queue?.pull(500, never);
    await sleep(600);
    second?.working();
    const tooEarly = await queue?.pull(600, never);
    const third = await queue?.pull(2_000, never);

    expect(second).not.toBeNull();
    expect(tooEarly).toBeNull();
    expect(text(third?.data ?? new Uint8Array())).toBe("A");
  });

  test("of every lane are waited for at once", async () => {
    await using nats = await openTestNats();
    const { publisher, pullers } = await queues(nats, 1);
    const waiting = pullers[0]?.pull(5_000, never);
    await sleep(100);

    await publisher.publish({ ...task("e"), lane: "eval" }, bytes("E"));
    const started = performance.now();
    const delivery = await waiting;

    expect(delivery?.subject).toBe("tasks.test.eval.base.e.0");
    expect(performance.now() - started).toBeLessThan(500);
  });

  test("that come when nobody waits any more go to another worker at once", async () => {
    await using nats = await openTestNats({ streams: { ackWaitMs: 60_000 } });
    const { publisher, pullers } = await queues(nats, 2);
    const [leaving, staying] = pullers;
    const stop = new AbortController();
    const left = leaving?.pull(30_000, stop.signal);
    await sleep(100);
    stop.abort();
    expect(await left).toBeNull();

    await publisher.publish(task("a"), bytes("A"));
    const delivery = await staying?.pull(3_000, never);

    expect(delivery).not.toBeNull();
  });

  test("are published once for each dispatch", async () => {
    await using nats = await openTestNats();
    const { publisher } = await queues(nats, 0);

    await publisher.publish(task("a"), bytes("A"));
    await publisher.publish(task("a"), bytes("A"));
    await publisher.publish({ ...task("a"), dispatch: 1 }, bytes("A"));

    expect((await publisher.list()).map(({ dispatch }) => dispatch).sort()).toEqual([0, 1]);
  });

  test("with a name that cannot be part of a subject are refused", async () => {
    await using nats = await openTestNats();
    const { publisher } = await queues(nats, 0);

    await expect(publisher.publish(task("a.b"), bytes("A"))).rejects.toThrow(
      '"a.b" cannot be part of a subject',
    );
  });

  test("go on after the server was killed and started again", async () => {
    await using nats = await openTestNats();
    const { publisher, pullers } = await queues(nats, 1);
    const waiting = pullers[0]?.pull(25_000, never);
    await sleep(100);

    await nats.kill();
    await nats.restart();
    const publish = () => publisher.publish(task("a"), bytes("A"));
    await publish().catch(publish);

    expect(text((await waiting)?.data ?? new Uint8Array())).toBe("A");
  });
});

function task(name: string) {
  return { lane: "train", variant: "base", task: name, dispatch: 0 };
}

async function queues(nats: TestNats, count: number) {
  const publisher = createTaskPublisher(await nats.link("coordinator"), nats.run);
  const lanes = { lanes: ["train", "eval"], variant: "base" };
  const open = async () => openTaskQueue(await nats.link("worker"), nats.run, lanes);
  return { publisher, pullers: await Promise.all(Array.from({ length: count }, open)) };
}
