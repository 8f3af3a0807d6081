/**
 * The ledger over a real nats-server: how fast decisions become durable, and how fast they are replayed.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Decision, type Ledger, openLedger } from "../../coordinator/index.ts";
import { systemClock } from "../../core/index.ts";
import {
  createLedgerLog,
  createRunSecrets,
  createRunStreams,
  findNatsServer,
  type LedgerLog,
  openNats,
  startNatsServer,
} from "../../transport/index.ts";
import type { Bench, Row } from "../row.ts";

const TASKS = 5_000;
/** What a coordinator must replay to answer within five seconds at 100,000 messages. */
const LEAST_REPLAYED = 20_000;

/** Rows `ledger-append` and `ledger-replay`. */
export const ledgerBench: Bench = {
  name: "ledger",
  async measure(): Promise<Row[]> {
    const folder = await mkdtemp(join(tmpdir(), "fleet-bench-"));
    try {
      return await withLedgerLog(folder, measureLedger);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function withLedgerLog<T>(folder: string, use: (log: LedgerLog) => Promise<T>): Promise<T> {
  const { path: binary } = await findNatsServer();
  const { users } = createRunSecrets();
  const run = "bench";
  const log = join(folder, "nats.log");
  await using server = await startNatsServer({ binary, folder, log, port: 0, run, users });
  await using link = await openNats({ url: server.url, ...users.coordinator, name: "bench" });
  const streams = { lanes: ["train"], variants: ["base"], ackWaitMs: 60_000, presenceTtlMs: 10_000 };
  await createRunStreams(link, run, streams);
  return await use(createLedgerLog(link, run));
}

async function measureLedger(log: LedgerLog): Promise<Row[]> {
  const ledger = await openLedger(log, systemClock);
  await ledger.decide(...opening());
  const appended = await perSecond(() => decideTasks(ledger));
  const replayed = await perSecond(async () => {
    await openLedger(log, systemClock);
    return 3 * TASKS;
  });
  return [
    {
      id: "ledger-append",
      what: "decisions made durable one after the other, each an append of its own",
      value: appended,
      unit: "appends/s",
    },
    {
      id: "ledger-replay",
      what: "messages of LEDGER read from nats-server and folded",
      value: replayed,
      unit: "messages/s",
      atLeast: LEAST_REPLAYED,
    },
  ];
}

async function perSecond(work: () => Promise<number>): Promise<number> {
  const start = performance.now();
  const count = await work();
  return (1_000 * count) / (performance.now() - start);
}

/** Issues, leases and accepts, each durable before the next. */
async function decideTasks(ledger: Ledger): Promise<number> {
  for (let ordinal = 0; ordinal < TASKS; ordinal++) {
    for (const decision of lifeOf(ordinal)) await ledger.decide(decision);
  }
  return 3 * TASKS;
}

function opening(): Decision[] {
  const settings = {
    seed: 0,
    steps: 1,
    prompts: 1,
    group: 1,
    temperature: 1,
    staleness: 1,
    refillAtMost: 1,
    evalTasks: 0,
    evalEvery: 0,
    evalTemperatures: [],
  };
  return [
    { type: "run_started", schema: 1, run: "bench", base: "", settings },
    { type: "opened", epoch: 1 },
  ];
}

function lifeOf(ordinal: number): Decision[] {
  const task = `t${ordinal}`;
  const lease = `l${ordinal}`;
  const worker = "worker-0";
  return [
    {
      type: "issued",
      task,
      lane: "train",
      ordinal,
      instance: `instance-${ordinal}`,
      samples: 1,
      temperature: 1,
      version: null,
    },
    { type: "leased", lease, task, worker, version: 0, samples: [0] },
    {
      type: "accepted",
      task,
      sample: 0,
      attempt: 1,
      rollout: {
        sequence: ordinal + 1,
        sha256: ordinal.toString(16).padStart(64, "0"),
        reward: 0.5,
        wellFormed: true,
        exact: false,
        oldest: 0,
        tokens: 100,
        cutOff: false,
        worker,
        generateMs: 1_000,
        rewardMs: 1,
      },
    },
  ];
}
