import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { applyEvent, type Decision, emptyState, type Ledger, openLedger } from "../../coordinator/index.ts";
import { serializeState, stateDigest } from "../../coordinator/ledger/digest.ts";
import { readEvents } from "../../coordinator/ledger/read-events.ts";
import {
  decodeSnapshot,
  digestOfMessage,
  encodeSnapshot,
  foldVersion,
} from "../../coordinator/ledger/snapshot.ts";
import { systemClock } from "../../core/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import {
  createLedgerLog,
  createSnapshotStore,
  type LedgerLog,
  type NatsLink,
  type SnapshotStore,
} from "../../transport/index.ts";
import { completedGroup, SETTINGS } from "../support/ledger-history.ts";
import { openTestNats } from "../support/nats.ts";
import { silentLogger } from "../support/silent-logger.ts";

const START: Decision[] = [
  { type: "run_started", schema: 1, run: "test", base: "b", settings: SETTINGS },
  { type: "opened", epoch: 1 },
];
/** Decisions after the start, each a message of its own. */
const DECISIONS = Array.from({ length: 7 }, (_, group) => completedGroup(group, [0, 1])).flat();

const MOST_TURNS = 50_000;

/** A ledger over a real nats-server with a snapshot every five messages. */
async function openRun(link: NatsLink, run: string) {
  const log = createLedgerLog(link, run);
  const snapshots = createSnapshotStore(link, run);
  return { log, snapshots, ledger: await openLedger(log, systemClock, { snapshots, every: 5 }) };
}

async function decideAll(ledger: Ledger): Promise<void> {
  await ledger.decide(...START);
  for (const decision of DECISIONS) await ledger.decide(decision);
}

/** Opens the ledger anew; with what was logged. */
async function reopen(log: LedgerLog, snapshots?: SnapshotStore) {
  const logged: [string, unknown][] = [];
  const keep = (event: string, fields?: object) => void logged.push([event, fields]);
  const logger: Logger = { ...silentLogger, info: keep, warn: keep };
  const ledger = await openLedger(log, systemClock, { ...(snapshots && { snapshots }), logger });
  return { digest: stateDigest(ledger.state), logged, ledger };
}

describe("a ledger that is opened again", { timeout: 60_000 }, () => {
  it("goes on from its snapshot to the state that the whole replay gives", async () => {
    await using nats = await openTestNats();
    const { log, snapshots, ledger } = await openRun(await nats.link("coordinator"), nats.run);
    await decideAll(ledger);
    await ledger.snapshot();
    await ledger.decide({ type: "paused" });

    const whole = await reopen(log);
    const short = await reopen(log, snapshots);

    const last = DECISIONS.length + 2;
    expect(short.digest).toBe(whole.digest);
    expect(short.digest).toBe(stateDigest(ledger.state));
    expect(whole.logged).toEqual([["ledger replayed", { messages: last, from: 0 }]]);
    expect(short.logged).toEqual([["ledger replayed", { messages: last, from: last - 1 }]]);
    await short.ledger.decide({ type: "resumed" });
    expect((await reopen(log, snapshots)).ledger.state.phase).toBe("running");
  });

  it("has snapshots of what is durable alone, whatever is decided while they are made", async () => {
    await using nats = await openTestNats();
    const link = await nats.link("coordinator");
    const log = createLedgerLog(link, nats.run);
    const store = createSnapshotStore(link, nats.run);
    const made: Uint8Array[] = [];
    const snapshots: SnapshotStore = {
      get: store.get,
      put: async (bytes) => {
        made.push(bytes);
        await store.put(bytes);
      },
    };
    const ledger = await openLedger(log, systemClock, { snapshots, every: 3 });
    await ledger.decide(...START);
    for (let turn = 0; turn < MOST_TURNS && made.length < 3; turn++) {
      void ledger.decide({ type: turn % 2 === 0 ? "paused" : "resumed" });
      await setImmediate(); // Several come while one append is in flight.
    }
    await ledger.settled();

    const folds = new Map<number, string>();
    const state = emptyState();
    for await (const { sequence, events } of readEvents(log, 1)) {
      for (const event of events) applyEvent(state, event);
      folds.set(sequence, stateDigest(state));
    }
    const snapshotted = made.map((bytes) => decodeSnapshot(bytes));

    expect(snapshotted).toHaveLength(3);
    expect(snapshotted.map((snapshot) => stateDigest(snapshot.state))).toEqual(
      snapshotted.map(({ sequence }) => folds.get(sequence)),
    );
  });

  it("is replayed as a whole, and says why, where the snapshot is not exactly right", async () => {
    await using nats = await openTestNats();
    const { log, snapshots, ledger } = await openRun(await nats.link("coordinator"), nats.run);
    await decideAll(ledger);
    await ledger.snapshot();
    const right = Buffer.from((await snapshots.get()) ?? []).toString();
    const text = serializeState(ledger.state);
    const last = DECISIONS.length + 1;
    const of = (sequence: number, message = digestOfMessage(Buffer.from("another"))) =>
      encodeSnapshot({ sequence, message }, text);
    const wrong: [string | Buffer, string][] = [
      [right.slice(0, -5), "the snapshot is damaged: its digest does not match"],
      [right.replace(foldVersion(), "f".repeat(64)), "the snapshot was made by another version of the fold"],
      [of(last), `the snapshot is of message ${last} of another ledger`],
      [of(last + 1), `the snapshot is of message ${last + 1} of another ledger`],
    ];
    const whole = await reopen(log);

    const found = [];
    for (const [bytes] of wrong) {
      await snapshots.put(Buffer.from(bytes));
      found.push(await reopen(log, snapshots));
    }

    expect(found.map(({ digest }) => digest)).toEqual(wrong.map(() => whole.digest));
    expect(found.map(({ logged }) => logged[0])).toEqual(
      wrong.map(([, reason]) => ["the whole ledger is replayed", { reason }]),
    );
  });

  it("needs none", async () => {
    await using nats = await openTestNats();
    const { log, snapshots, ledger } = await openRun(await nats.link("coordinator"), nats.run);
    await ledger.decide(...START);

    const again = await reopen(log, snapshots);

    expect(again.logged).toEqual([["ledger replayed", { messages: 1, from: 0 }]]);
    expect(again.digest).toBe(stateDigest(ledger.state));
  });
});
