import { describe, expect, it } from "vitest";
import { type Delivery, type IntakeWork, runIntake } from "../../../workers/index.ts";
import { fakeDelivery } from "../../support/fake-delivery.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { turn } from "../../support/turn.ts";

describe("runIntake", () => {
  it("asks for the next delivery only when there is room and the one before is admitted", async () => {
    const stop = new AbortController();
    const log: string[] = [];
    const allPulled = Promise.withResolvers<void>();
    const work = workThat({
      room: async (signal) => {
        log.push("room");
        return !signal.aborted;
      },
      pull: queueOf(
        2,
        () => {
          stop.abort();
          allPulled.resolve();
        },
        log,
      ),
      handle: async (_, admitted) => {
        await turn();
        log.push("admitted");
        admitted();
        await allPulled.promise;
        return "served";
      },
    });

    await runIntake(work, stop.signal);

    expect(log).toEqual(["room", "pull", "admitted", "room", "pull", "admitted", "room", "pull", "room"]);
  });

  it("finishes what it holds after being told to stop, and takes nothing more", async () => {
    const stop = new AbortController();
    const log: string[] = [];
    const work = workThat({
      pull: queueOf(100),
      handle: async (_, admitted) => {
        admitted();
        stop.abort();
        await turn();
        log.push("finished");
        return "served";
      },
    });

    await runIntake(work, stop.signal);

    expect(log).toEqual(["finished"]);
  });

  it("lets the others finish before it reports a failure", async () => {
    const log: string[] = [];
    let taken = 0;
    const work = workThat({
      pull: queueOf(100),
      handle: async (_, admitted) => {
        taken += 1;
        if (taken === 2) throw new Error("gpu lost");
        admitted();
        await turn();
        log.push("finished");
        return "served";
      },
    });

    await expect(runIntake(work, new AbortController().signal)).rejects.toThrow("gpu lost");
    expect(log).toEqual(["finished"]);
  });

  it("pauses after a group that it could not start, which would come again at once", async () => {
    const stop = new AbortController();
    let handled = 0;
    const work = workThat({
      pull: queueOf(100),
      handle: async () => {
        handled += 1;
        return "released";
      },
    });

    const running = runIntake(work, stop.signal);
    for (let i = 0; i < 5; i++) await turn();
    stop.abort();
    await running;

    expect(handled).toBe(1);
  });

  it("pauses after a failure instead of asking again at once", async () => {
    const stop = new AbortController();
    let pulls = 0;
    const work = workThat({
      pull: async () => {
        pulls += 1;
        throw new Error("no responders");
      },
    });

    const running = runIntake(work, stop.signal);
    await turn();
    await turn();
    stop.abort();
    await running;

    expect(pulls).toBe(1);
  });
});

function workThat(overrides: Partial<IntakeWork>): IntakeWork {
  return {
    room: async (signal) => !signal.aborted,
    pull: queueOf(0),
    handle: async () => "served",
    logger: silentLogger,
    ...overrides,
  };
}

/** A source of `count` deliveries that then reports itself empty. */
function queueOf(count: number, onEmpty = () => {}, log: string[] = []): () => Promise<Delivery | null> {
  let left = count;
  return async () => {
    log.push("pull");
    await turn();
    if (left === 0) {
      onEmpty();
      return null;
    }
    left -= 1;
    return fakeDelivery();
  };
}
