import { afterEach, describe, expect, it } from "vitest";
import { FleetError } from "../../../core/index.ts";
import type { SampleAnswer } from "../../../proto/index.ts";
import { type Collector, openCollector, type SampleMessage } from "../../../workers/index.ts";
import { collectPeer } from "../../support/collect-peer.ts";
import { silentLogger } from "../../support/silent-logger.ts";

let collector: Collector;
afterEach(() => collector[Symbol.asyncDispose]());

describe("openCollector", () => {
  it("hands a sample over and gives back its answer", async () => {
    const peer = openWith();

    const answered = collector.deliver(sampleThat({ task: "t1", sample: 2 }));
    const stream = await peer.stream(0);
    await stream.received(1);
    stream.answer({ sample: accepted("t1", 2) });

    expect(await answered).toEqual(accepted("t1", 2));
    expect(collector.heldBytes).toBe(0);
  });

  it("sends what was not answered again, in order, when the stream breaks", async () => {
    const peer = openWith();
    const answers = [0, 1, 2].map((sample) => collector.deliver(sampleThat({ task: "t1", sample })));
    const first = await peer.stream(0);
    await first.received(3);
    first.answer({ sample: accepted("t1", 1) });
    await answers[1];

    first.break(new Error("connection reset"));
    const second = await peer.stream(1);
    await second.received(2);
    second.answer({ sample: accepted("t1", 0) });
    second.answer({ sample: accepted("t1", 2) });
    await Promise.all(answers);

    expect(second.messages.map((message) => message.failed?.sample)).toEqual([0, 2]);
  });

  it("matches answers that come in another order", async () => {
    const peer = openWith();
    const [first, second] = [0, 1].map((sample) => collector.deliver(sampleThat({ task: "t1", sample })));
    const stream = await peer.stream(0);
    await stream.received(2);

    stream.answer({ sample: { ...accepted("t1", 1), outcome: "OUTCOME_CLOSED" } });
    stream.answer({ sample: accepted("t1", 0) });

    expect(await first).toMatchObject({ sample: 0, outcome: "OUTCOME_ACCEPTED" });
    expect(await second).toMatchObject({ sample: 1, outcome: "OUTCOME_CLOSED" });
  });

  it("counts what is not acknowledged", () => {
    openWith();

    collector.deliver(sampleThat({ sample: 0, bytes: 700 })).catch(() => {});
    collector.deliver(sampleThat({ sample: 1, bytes: 50 })).catch(() => {});

    expect(collector.heldBytes).toBe(750);
  });

  it("names the held leases in a heartbeat every sixth of their term", async () => {
    const peer = openWith();
    using _first = collector.hold("l1", 120);
    const second = collector.hold("l2", 120);
    const stream = await peer.stream(0);

    await stream.received(2);
    second[Symbol.dispose]();
    stream.answer({ heartbeat: { lost: [] } });
    await stream.received(4);

    expect(stream.messages[1]).toEqual({ heartbeat: { worker: "w1", leases: ["l1", "l2"] } });
    expect(stream.messages[3]).toEqual({ heartbeat: { worker: "w1", leases: ["l1"] } });
  });

  it("says that a lease is lost when the coordinator says so, and names it no more", async () => {
    const peer = openWith();
    using kept = collector.hold("l1", 120);
    using lost = collector.hold("l2", 120);
    const stream = await peer.stream(0);
    await stream.received(1);

    stream.answer({ heartbeat: { lost: ["l2"] } });
    await stream.received(2);

    expect([kept.lost.aborted, lost.lost.aborted]).toEqual([false, true]);
    expect(stream.messages.at(-1)?.heartbeat?.leases).toEqual(["l1"]);
  });

  it("gives a stream up on which a whole term of heartbeats stays unanswered", async () => {
    const peer = openWith();
    using _held = collector.hold("l1", 60);

    const second = await peer.stream(1);
    await second.received(1);

    expect((await peer.stream(0)).messages).toHaveLength(6);
    expect(second.messages[0]).toMatchObject({ heartbeat: { leases: ["l1"] } });
  });

  it("releases a lease and resolves once that is answered", async () => {
    const peer = openWith();
    const released = collector.release("l1", "t1", "the worker stops");
    const stream = await peer.stream(0);
    await stream.received(1);

    stream.answer({ release: { lease: "l1" } });
    await released;

    expect(stream.messages).toEqual([{ release: { lease: "l1", task: "t1", reason: "the worker stops" } }]);
  });

  it("lets go of what is not acknowledged when it is disposed, and says so to whoever waits", async () => {
    openWith();
    const answered = collector.deliver(sampleThat({}));
    const rejected = expect(answered).rejects.toMatchObject({ disposition: "cancelled" });

    await collector[Symbol.asyncDispose]();

    await rejected;
    await expect(collector.deliver(sampleThat({}))).rejects.toMatchObject({ disposition: "cancelled" });
  });

  it("gives up when the coordinator refuses this worker for good", async () => {
    class WrongToken extends FleetError {
      readonly code = "test.wrong_token";
      readonly disposition = "reject";
    }
    const peer = openWith();

    const answered = collector.deliver(sampleThat({}));
    const rejected = expect(answered).rejects.toThrow("the token is not this run's");
    (await peer.stream(0)).break(new WrongToken("the token is not this run's"));

    await rejected;
    expect(collector.refused.reason).toBeInstanceOf(WrongToken);
  });
});

function accepted(task: string, sample: number): SampleAnswer {
  return { task, sample, outcome: "OUTCOME_ACCEPTED", reason: "", keepTrace: false };
}

function sampleThat({ task = "t1", sample = 0, bytes = 10 }): SampleMessage {
  return { message: { failed: { lease: "l1", task, sample, errorClass: "x" } }, bytes };
}

/** Opens the collector towards a peer whose streams the test plays. */
function openWith() {
  const peer = collectPeer();
  peer.comeBack();
  collector = openCollector({
    open: peer.open,
    worker: "w1",
    memoryBytes: 1_000,
    spool: null,
    logger: silentLogger,
    onLess: () => {},
  });
  return peer;
}
