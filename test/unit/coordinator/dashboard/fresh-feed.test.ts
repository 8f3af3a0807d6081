import { describe, expect, it } from "vitest";
import { createFreshFeed } from "../../../../coordinator/dashboard/fresh-feed.ts";
import { emptyState, type LedgerState, type Outcome } from "../../../../coordinator/index.ts";

const MIB = 1 << 20;

describe("the feed of rollouts that are not archived", () => {
  it("tells of each once, and of what is archived no more", async () => {
    const state = stateWith(5);
    const { feed } = feedOf(state, 1);

    const first = await told(feed);
    const second = await told(feed);
    Object.assign(state, { archivedThrough: 3, outcomes: outcomesOf([4, 5, 6]) });
    const third = await told(feed);

    expect(first).toEqual([5, 4, 3, 2, 1]);
    expect(second).toEqual([]);
    expect(third).toEqual([6]);
    expect(feed.notYet()).toBe(0);
  });

  it("tells a new reader of all again", async () => {
    const { feed } = feedOf(stateWith(3), 1);
    await told(feed);

    expect(await told(feed, 2)).toEqual([3, 2, 1]);
  });

  it("drops the oldest where there are more than are kept, so that the newest are there", async () => {
    const state = stateWith(1_024);
    const { feed } = feedOf(state, 1);
    await told(feed);
    state.outcomes = outcomesOf(numbers(1_030));

    const fresh = await feed.take(1);
    feed.taken(fresh);

    expect(fresh.rollouts.map(({ sequence }) => sequence)).toEqual([
      1_030, 1_029, 1_028, 1_027, 1_026, 1_025,
    ]);
    expect(fresh.keptAfter).toBe(6);
    expect(feed.notYet()).toBe(6);
  });

  it("keeps no more than 64 MiB, and one however large it is", async () => {
    const many = feedOf(stateWith(100), MIB);
    const large = feedOf(stateWith(2), 65 * MIB);

    expect((await told(many.feed)).length).toBe(64);
    expect(many.reads()).toBeLessThan(100);
    expect(await told(large.feed)).toEqual([2]);
  });
});

function feedOf(state: LedgerState, bytes: number) {
  let reads = 0;
  const get = async () => {
    reads += 1;
    return new Uint8Array(bytes);
  };
  return { feed: createFreshFeed({ state, store: { get }, issueOf: () => "" }), reads: () => reads };
}

async function told(feed: ReturnType<typeof createFreshFeed>, reader = 1): Promise<number[]> {
  const fresh = await feed.take(reader);
  feed.taken(fresh);
  return fresh.rollouts.map(({ sequence }) => sequence);
}

function stateWith(count: number): LedgerState {
  return { ...emptyState(), outcomes: outcomesOf(numbers(count)) };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

function outcomesOf(sequences: readonly number[]): Outcome[] {
  return sequences.map((sequence) => ({
    ...{ lane: "train", task: `t${sequence}`, sample: 0, attempt: 1, instance: "i", outcome: "trained" },
    ...{ reason: "", step: 1, sequence, sha256: "" },
    history: { issuedAt: 0, acceptedAt: 0, batchedAt: null, endedAt: 0, leases: [] },
  }));
}
