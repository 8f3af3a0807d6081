import { createHash } from "node:crypto";
import { applyEvent, type Decision, emptyState, type LedgerEvent } from "../../coordinator/index.ts";
import { METRICS as SMALL_METRICS } from "../../test/support/ledger-history.ts";
import {
  createLedgerLog,
  createRolloutStore,
  createRunStreams,
  type LedgerLog,
  type NatsUser,
  openAdapterStore,
  openNats,
} from "../../transport/index.ts";

const PROMPTS = 8;
const GROUP = 8;
/** Steps whose rollouts go into one file of the archive. */
const STEPS_A_FILE = 8;
/** Tasks that are left open. */
const OPEN = 16;
/** Appends under way; one connection keeps their order. */
const UNDER_WAY = 500;
const STREAMS = { lanes: ["train", "eval"], variants: ["base"], ackWaitMs: 30_000, presenceTtlMs: 10_000 };

/** Where the ledger is, and what it is of. */
export interface SeedOptions {
  readonly url: string;
  readonly user: NatsUser;
  readonly run: string;
  /** SHA-256 of the base model, in hex. */
  readonly base: string;
  readonly messages: number;
}

/**
 * Appends the ledger of a run that has trained for long: each event a message, as when decisions come one by one, and
 * each legal, since it is folded before it is written. All of it but the open tasks is in the archive.
 *
 * @returns the open tasks
 */
export async function seedLedger({ url, user, run, base, messages }: SeedOptions): Promise<string[]> {
  await using link = await openNats({ url, ...user, name: "bench" });
  await createRunStreams(link, run, STREAMS);
  const history = createHistory(run, base);
  while (history.events.length < messages - OPEN) history.trainStep();
  history.archive();
  const open = history.leaveOpen();
  await append(createLedgerLog(link, run), history.events);
  await createRolloutStore(link, run).purgeBelow(history.lastSequence() + 1);
  const adapters = await openAdapterStore(link, run);
  await adapters.put(history.adapter(), Buffer.from(history.adapterBytes()));
  return open;
}

async function append(log: LedgerLog, events: readonly LedgerEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += UNDER_WAY) {
    const group = events.slice(from, from + UNDER_WAY);
    await Promise.all(group.map((event, i) => log.append(Buffer.from(JSON.stringify([event])), from + i)));
  }
}

function createHistory(run: string, base: string) {
  const events: LedgerEvent[] = [];
  const state = emptyState();
  let ordinal = 0;
  let sequence = 0;

  function decide(...decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      const event = { ...decision, at: 1_700_000_000_000 + events.length };
      applyEvent(state, event);
      events.push(event);
    }
  }

  function issue(): string {
    const task = `t${ordinal}`;
    decide({
      type: "issued",
      task,
      lane: "train",
      ordinal: ordinal++,
      instance: "i1",
      samples: GROUP,
      temperature: 1,
      version: null,
    });
    return task;
  }

  const samples = Array.from({ length: GROUP }, (_, sample) => sample);
  const adapterBytes = () => `adapter of step ${state.step}`;
  decide(
    { type: "run_started", schema: 1, run, base, settings: SETTINGS },
    { type: "opened", epoch: 1 },
    { type: "trainer_opened", epoch: 1 },
  );

  function archive(): void {
    const file = { file: "", sha256: "", rows: state.outcomes.length };
    decide({ type: "archived", through: sequence, orphans: 0, rollouts: file, outcomes: file });
  }

  return {
    events,
    archive,
    lastSequence: () => sequence,
    adapter: () => state.policies.at(-1)?.adapter ?? "",
    adapterBytes,
    leaveOpen: () => Array.from({ length: OPEN }, issue),
    trainStep: () => {
      const tasks = Array.from({ length: PROMPTS }, issue);
      for (const task of tasks) {
        const version = state.step;
        decide({ type: "leased", lease: `${task}.0`, task, worker: "worker-0", version, samples });
        for (const sample of samples) {
          sequence += 1;
          const rollout = {
            ...ROLLOUT,
            sequence,
            sha256: sha256(`${sequence}`),
            reward: sample % 2,
            oldest: version,
          };
          decide({ type: "accepted", task, sample, attempt: 1, rollout });
        }
      }
      const step = state.step + 1;
      decide({ type: "batched", step, groups: tasks.map((task) => ({ task, samples })) });
      const adapter = sha256(`adapter of step ${step}`);
      decide({ type: "trained", step, epoch: 1, adapter, metrics: METRICS });
      if (step % STEPS_A_FILE === 0) archive();
    },
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const SETTINGS = {
  seed: 0,
  steps: 1_000_000,
  prompts: PROMPTS,
  group: GROUP,
  temperature: 1,
  staleness: 4,
  refillAtMost: 4,
  evalTasks: 0,
  evalEvery: 0,
  evalTemperatures: [0],
};

const ROLLOUT = {
  wellFormed: true,
  exact: false,
  tokens: 500,
  cutOff: false,
  worker: "worker-0",
  generateMs: 1_000,
  rewardMs: 1,
};

const METRICS = { ...SMALL_METRICS, lossTokens: 4_000, trainedTokens: 6_000 };
