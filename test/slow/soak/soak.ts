import { pause } from "../../../core/index.ts";
import { runClockWorker } from "../../support/clock-worker.ts";
import { openCoordinatedRun, type StartedCoordinator } from "../../support/coordinated-run.ts";
import { openScriptedTrainer } from "../../support/scripted-trainer.ts";

/** A simulated fleet: workers whose engines are clocks, one real coordinator and nats-server, a trainer without a model. */
export interface SoakPlan {
  readonly minutes: number;
  readonly workers: number;
  /** Rollouts of the whole fleet. */
  readonly rolloutsPerMinute: number;
  readonly tokens: number;
  /** Whether batches are trained; else the updater is gone once the fleet has come together. */
  readonly trains: boolean;
  /** Told once a minute. */
  readonly onMinute: (minute: SoakMinute) => void;
}

/** One minute, after the fleet has come together. */
export interface SoakMinute {
  readonly minute: number;
  readonly accepted: number;
  /** Of the coordinator's process, the least of the minute. */
  readonly residentBytes: number;
  readonly delayP99Ms: number;
  /** Issued and not accepted, rejected or expired. */
  readonly outstanding: number;
  readonly isBalanced: boolean;
}

const GROUP = 8;
const GROUPS_A_BATCH = 64;
const MINUTE_MS = 60_000;
const JOINING_MS = 25;
const CHURN_MS = 1_000;
/** Workers are this much faster than what is asked of the fleet: those that go take what they had begun along. */
const SPARE = 1.08;
/** As in production. */
const ACK_WAIT_MS = 30_000;

/** Runs a fleet, one of whose workers goes without a word and is replaced by a new one each second. */
export async function soak(plan: SoakPlan): Promise<SoakMinute[]> {
  const { workers, rolloutsPerMinute, tokens, trains } = plan;
  const staleness = Math.ceil(workers / GROUPS_A_BATCH);
  await using run = await openCoordinatedRun({
    steps: 1_000_000,
    instances: 2_000,
    batch: { prompts: GROUPS_A_BATCH, group: GROUP, staleness },
    ackWaitMs: ACK_WAIT_MS,
  });
  const coordinator = await run.start({ child: true });
  let accepted = 0;
  const engine = {
    tokens,
    sampleMs: (workers * MINUTE_MS) / (rolloutsPerMinute * SPARE),
    onAccepted: () => {
      accepted += 1;
    },
  };
  const over = new AbortController();
  const trouble = Promise.withResolvers<never>();
  const fleet: AbortController[] = [];
  const lives: Promise<void>[] = [];
  let named = 0;

  function join(): void {
    const life = new AbortController();
    fleet.push(life);
    const name = `clock-${named++}`;
    const signal = AbortSignal.any([life.signal, over.signal]);
    lives.push(runClockWorker(run, name, engine, signal).catch(trouble.reject));
  }

  async function churn(): Promise<void> {
    while (!over.signal.aborted) {
      await pause(CHURN_MS, over.signal);
      fleet.shift()?.abort();
      if (!over.signal.aborted) join();
    }
  }

  const trainer = await openScriptedTrainer(run);
  const updater = new AbortController();
  const trained = AbortSignal.any([over.signal, updater.signal]);
  const training = trainer.trainUntil(trained).catch(trouble.reject);
  for (let i = 0; i < workers; i++) {
    join();
    await pause(JOINING_MS);
  }
  if (!trains) updater.abort();
  const churning = churn();
  try {
    return await Promise.race([measureMinutes(), trouble.promise]);
  } finally {
    over.abort();
    await Promise.allSettled([...lives, training, churning]);
    await trainer[Symbol.asyncDispose]();
  }

  async function measureMinutes(): Promise<SoakMinute[]> {
    const minutes: SoakMinute[] = [];
    await coordinator.load(); // Its delay counts from here.
    for (let minute = 1; minute <= plan.minutes; minute++) {
      const before = accepted;
      await pause(MINUTE_MS);
      const measured = { minute, accepted: accepted - before, ...(await booksOf(coordinator)) };
      minutes.push(measured);
      plan.onMinute(measured);
    }
    return minutes;
  }

  async function booksOf(started: StartedCoordinator) {
    const { leastResidentBytes: residentBytes, delayP99Ms } = await started.load();
    await using client = run.client("soak");
    const { balances } = await client.status({ deadlineMs: MINUTE_MS });
    const outstanding = balances.reduce((sum, books) => sum + books.outstanding, 0);
    const isBalanced = balances.every(
      (books) =>
        books.issued === books.accepted + books.rejected + books.expired + books.outstanding &&
        books.accepted === books.trained + books.skipped + books.evaluated + books.waiting,
    );
    return { residentBytes, delayP99Ms, outstanding, isBalanced };
  }
}

/** Bytes that memory grows by in a minute: the slope of the line of least squares through the minutes from `from` on. */
export function growthPerMinute(minutes: readonly SoakMinute[], from: number): number {
  const points = minutes.filter(({ minute }) => minute >= from);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(({ minute }) => minute));
  const y = mean(points.map(({ residentBytes }) => residentBytes));
  const covariance = mean(points.map(({ minute, residentBytes }) => (minute - x) * (residentBytes - y)));
  return covariance / mean(points.map(({ minute }) => (minute - x) ** 2));
}
