import {
  applyEvent,
  type Decision,
  emptyState,
  type LedgerState,
  type RunSettings,
} from "../../coordinator/index.ts";
import type { AcceptedRollout, TrainedMetrics } from "../../coordinator/ledger/events.ts";

/** Two groups a step, two samples a group, no evaluation. */
export const SETTINGS: RunSettings = {
  seed: 1,
  steps: 4,
  prompts: 2,
  group: 2,
  temperature: 1,
  staleness: 1,
  refillAtMost: 2,
  evalTasks: 0,
  evalEvery: 0,
  evalTemperatures: [0],
};

/** A run that has started, with one trainer, and what was decided since. */
export function runThat(settings: Partial<RunSettings>, ...decisions: readonly Decision[]): LedgerState {
  const state = emptyState();
  decide(
    state,
    { type: "run_started", schema: 1, run: "r", base: "b", settings: { ...SETTINGS, ...settings } },
    { type: "opened", epoch: 1 },
    { type: "trainer_opened", epoch: 1 },
    ...decisions,
  );
  return state;
}

/** Applies decisions, a second apart. */
export function decide(state: LedgerState, ...decisions: readonly Decision[]): void {
  for (const decision of decisions) applyEvent(state, { ...decision, at: state.at + 1_000 });
}

/** A training task of the given number. */
export function issued(ordinal: number, samples = 2): Decision {
  return {
    type: "issued",
    task: `t${ordinal}`,
    lane: "train",
    ordinal,
    instance: `i${ordinal}`,
    samples,
    temperature: 1,
    version: null,
  };
}

/** A task of the evaluation of a version. */
export function evalIssued(
  version: number,
  ordinal: number,
  { temperature = 0, samples = 1 } = {},
): Decision {
  return {
    type: "issued",
    task: `e${version}-${ordinal}`,
    lane: "eval",
    ordinal,
    instance: `h${ordinal}`,
    samples,
    temperature,
    version,
  };
}

export function accepted(task: string, sample: number, rollout: Partial<AcceptedRollout> = {}): Decision {
  return { type: "accepted", task, sample, attempt: 1, rollout: rolloutThat(rollout) };
}

/** A group of the given number whose samples have these rewards. */
export function completedGroup(
  ordinal: number,
  rewards: readonly number[],
  rollout: Partial<AcceptedRollout> = {},
): Decision[] {
  return [
    issued(ordinal, rewards.length),
    ...rewards.map((reward, sample) => accepted(`t${ordinal}`, sample, { ...rollout, reward })),
  ];
}

export function batched(
  step: number,
  tasks: readonly string[],
  samples: readonly number[] = [0, 1],
): Decision {
  return { type: "batched", step, groups: tasks.map((task) => ({ task, samples })) };
}

export function trained(step: number, epoch = 1): Decision {
  return { type: "trained", step, epoch, adapter: `a${step}`, metrics: METRICS };
}

export function leased(task: string, samples: readonly number[], lease = `${task}.0`): Decision {
  return { type: "leased", lease, task, worker: "w1", version: 0, samples };
}

export function rolloutThat(given: Partial<AcceptedRollout>): AcceptedRollout {
  return {
    sequence: 1,
    sha256: "00",
    reward: 0,
    wellFormed: true,
    exact: false,
    oldest: 0,
    tokens: 10,
    cutOff: false,
    worker: "w1",
    generateMs: 100,
    rewardMs: 1,
    ...given,
  };
}

export const METRICS: TrainedMetrics = {
  loss: 0.5,
  kl: 0.01,
  entropy: 1.5,
  ratioMean: 1,
  ratioMax: 1.25,
  clippedShare: 0.125,
  gradientNorm: 2,
  learningRate: 1e-4,
  lossTokens: 40,
  trainedTokens: 60,
  waitSeconds: 1,
  forwardSeconds: 2,
  backwardSeconds: 3,
  optimizerSeconds: 4,
  gaps: [],
};
