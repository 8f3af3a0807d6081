/**
 * A real coordinator in a process of its own, over a real nats-server with synchronous storage, and workers without a
 * model in this one: what a task costs beside its tokens.
 *
 * @module
 */
import { pause } from "../../core/index.ts";
import { openCoordinatedRun } from "../../test/support/coordinated-run.ts";
import { openScriptedTrainer } from "../../test/support/scripted-trainer.ts";
import {
  openScriptedWorker,
  type PulledTask,
  type ScriptedWorker,
} from "../../test/support/scripted-worker.ts";
import type { Bench, Row } from "../row.ts";

const TOKENS = Array.from({ length: 2_000 }, (_, i) => i % 1_000);
const ONE_AT_A_TIME = 400;
/** Before them the processes compile what they run. */
const WARM_UP = 100;
const PACED = 600;
const PACE_MS = 10;
const ACCEPTED = 2_048;
const ACCEPTANCES = 3;
const CONNECTIONS = 8;
/** Rollouts that a connection has under way. */
const UNDER_WAY = 8;
const ACK_WAIT_MS = 5_000;
/** Where leases are held without a sign of life. */
const PATIENT_MS = 600_000;

/** Rows `task-round-trip…`, `rollouts-accepted` and `recovery`. */
export const servingBench: Bench = {
  name: "serving",
  measure: async () => [...(await roundTrips()), await acceptances(), await recovery()],
};

/** From the issue of a task to the acknowledgement of its samples, and without the issue at a steady pace. */
async function roundTrips(): Promise<Row[]> {
  const alone = await oneAtATime();
  const paced = await atAPace();
  const rows = [
    {
      id: "task-round-trip",
      what: "issue, lease, collect, durable, acknowledged; one at a time",
      times: alone,
    },
    {
      id: "task-round-trip-100",
      what: "lease, collect, durable, acknowledged; 100 tasks a second",
      times: paced,
    },
  ];
  const bounds = [
    [5, 25],
    [10, 50],
  ];
  return rows.flatMap(({ id, what, times }, i) =>
    [0.5, 0.99].map((share, j) => ({
      id: `${id}-p${100 * share}`,
      what: `${what}; p${100 * share}`,
      value: quantile(times, share),
      unit: "ms",
      atMost: bounds[i]?.[j] ?? 0,
    })),
  );
}

async function oneAtATime(): Promise<number[]> {
  await using run = await openCoordinatedRun({
    steps: ONE_AT_A_TIME,
    instances: ONE_AT_A_TIME,
    batch: { prompts: 1, group: 2, staleness: 0 },
  });
  await run.start({ child: true });
  await using worker = await openScriptedWorker(run, "alone");
  const times: number[] = [];
  const trainer = await openScriptedTrainer(run);
  await using _ = trainer;
  for (let step = 1; step <= ONE_AT_A_TIME; step++) {
    const pulled = await worker.pull();
    const from = performance.now();
    await serve(worker, pulled);
    times.push(performance.now() - from);
    await trainer.next();
    await trainer.publish(step);
  }
  return times.slice(WARM_UP);
}

async function atAPace(): Promise<number[]> {
  const tasks = WARM_UP + PACED;
  await using run = await openCoordinatedRun({
    steps: 1,
    instances: tasks,
    batch: { prompts: tasks, group: 2, staleness: 0 },
    ackWaitMs: PATIENT_MS,
  });
  await run.start({ child: true });
  await using worker = await openScriptedWorker(run, "paced");
  const served: Promise<number>[] = [];
  const from = performance.now();
  for (let task = 0; task < tasks; task++) {
    await pause(Math.max(0, from + task * PACE_MS - performance.now()));
    const pulled = await worker.pull();
    const leasedAt = performance.now();
    served.push(serve(worker, pulled).then(() => performance.now() - leasedAt));
  }
  return (await Promise.all(served)).slice(WARM_UP);
}

async function serve(worker: ScriptedWorker, pulled: PulledTask): Promise<void> {
  const { granted } = await worker.lease(pulled.address);
  if (!granted) throw new Error("a task that is this worker's alone was not granted");
  await Promise.all(
    granted.samples.map(({ sample }) => worker.finish(pulled, granted, sample, { reward: sample % 2 })),
  );
  pulled.ack();
}

/** The median of several: a run takes seconds, and a machine's disk has its moments. */
async function acceptances(): Promise<Row> {
  const rates: number[] = [];
  for (let run = 0; run < ACCEPTANCES; run++) rates.push(await acceptance());
  return {
    id: "rollouts-accepted",
    what: `rollouts of 2,000 tokens with log-probabilities, stored, in the ledger and acknowledged; load from the same cores; median of ${ACCEPTANCES}`,
    value: quantile(rates, 0.5),
    unit: "rollouts/s",
    atLeast: 500,
  };
}

async function acceptance(): Promise<number> {
  const group = 16;
  await using run = await openCoordinatedRun({
    steps: 1,
    instances: ACCEPTED / group,
    batch: { prompts: ACCEPTED / group, group, staleness: 0 },
    ackWaitMs: PATIENT_MS,
  });
  await run.start({ child: true });
  const deliveries: (() => Promise<unknown>)[][] = [];
  await using open = new AsyncDisposableStack();
  for (let i = 0; i < CONNECTIONS; i++) {
    const worker = open.use(await openScriptedWorker(run, `loader-${i}`));
    const mine: (() => Promise<unknown>)[] = [];
    for (let task = 0; task < ACCEPTED / group / CONNECTIONS; task++) {
      const { granted, ...pulled } = await worker.work();
      for (const { sample } of granted.samples) {
        mine.push(() => worker.finish(pulled, granted, sample, { reward: sample % 2, tokens: TOKENS }));
      }
    }
    deliveries.push(mine);
  }
  const from = performance.now();
  await Promise.all(
    deliveries.flatMap((mine) =>
      Array.from({ length: UNDER_WAY }, async () => {
        for (let next = mine.pop(); next !== undefined; next = mine.pop()) await next();
      }),
    ),
  );
  return (1_000 * ACCEPTED) / (performance.now() - from);
}

async function recovery(): Promise<Row> {
  const groups = 8;
  await using run = await openCoordinatedRun({
    steps: 1,
    instances: groups,
    batch: { prompts: groups, group: 2, staleness: 0 },
    ackWaitMs: ACK_WAIT_MS,
  });
  await run.start({ child: true });
  {
    await using victim = await openScriptedWorker(run, "victim");
    for (let task = 0; task < groups; task++) await victim.work();
  }
  const from = performance.now();
  await using heir = await openScriptedWorker(run, "heir");
  for (let task = 0; task < groups; task++) await heir.work();
  return {
    id: "recovery",
    what: `a worker is gone without a word, until its last sample is leased again; beyond an ack_wait of ${ACK_WAIT_MS / 1_000} s`,
    value: (performance.now() - from - ACK_WAIT_MS) / 1_000,
    unit: "s",
    atMost: 5,
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
