import { describe, expect, it } from "vitest";
import { createRoom, wantsAnother } from "../../../workers/index.ts";
import { turn } from "../../support/turn.ts";

const limits = { slots: 8, liveGroups: 4, heldBytes: 1_000 };
const idle = { openSamples: 0, liveGroups: 0, heldBytes: 0 };

describe("wantsAnother", () => {
  it.each([
    { case: "nothing runs", load: idle, wants: true },
    { case: "the samples leave a slot idle", load: { ...idle, openSamples: 7, liveGroups: 2 }, wants: true },
    { case: "the samples fill all slots", load: { ...idle, openSamples: 8, liveGroups: 1 }, wants: false },
    { case: "more samples wait than slots", load: { ...idle, openSamples: 16, liveGroups: 1 }, wants: false },
    { case: "enough groups live", load: { ...idle, openSamples: 4, liveGroups: 4 }, wants: false },
    {
      case: "more waits in memory than may",
      load: { ...idle, heldBytes: 1_001 },
      wants: false,
    },
  ])("is $wants when $case", ({ load, wants }) => {
    expect(wantsAnother(load, limits)).toBe(wants);
  });
});

describe("createRoom", () => {
  const running = new AbortController().signal;

  it("has room again as soon as a group's samples no longer fill all slots", async () => {
    const room = createRoom({ ...limits, slots: 2 }, () => 0);
    const place = room.take(3);
    let free = false;
    void room.free(running).then(() => {
      free = true;
    });

    place.sampleEnded();
    await turn();
    expect(free).toBe(false);
    place.sampleEnded();
    await turn();

    expect(free).toBe(true);
  });

  it("forgets a group that ends before its samples", async () => {
    const room = createRoom({ ...limits, slots: 2 }, () => 0);
    const place = room.take(8);

    place[Symbol.dispose]();

    expect(room.openSamples).toBe(0);
    expect(await room.free(running)).toBe(true);
  });

  it("has room again once the coordinator has acknowledged enough", async () => {
    let heldBytes = 5_000;
    const room = createRoom(limits, () => heldBytes);
    const free = room.free(running);

    heldBytes = 10;
    room.lessHeld();

    expect(await free).toBe(true);
  });

  it("gives up waiting when told to stop", async () => {
    const stop = new AbortController();
    const room = createRoom({ ...limits, slots: 1 }, () => 0);
    room.take(1);
    const free = room.free(stop.signal);

    stop.abort();

    expect(await free).toBe(false);
  });
});
