/**
 * `summary.json`: what a run did, as a pure function of its ledger.
 *
 * @module
 */
import type { LaneBalance } from "../../proto/index.ts";
import type { PolicyName, TrainedMetrics } from "../ledger/events.ts";
import type { StepRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";
import { compareRounds, type HeldOut } from "./held-out.ts";

/** One step of {@link Summary}. Rewards are over every accepted sample that came for it, groups without signal included. */
export interface StepReport {
  readonly step: number;
  /** Why no gradient was taken; null where one was. */
  readonly skipped: string | null;
  /** In milliseconds since the epoch; a summary of an older version has none. */
  readonly endedAt?: number;
  readonly meanReward: number;
  readonly formatRate: number;
  readonly exactRate: number;
  readonly rollouts: number;
  /** Groups that were skipped and replaced by others. */
  readonly refilledGroups: number;
  /** Samples that were trained on. */
  readonly trainedRollouts: number;
  readonly kl: number;
  /** Of the policy at the sampled tokens, mean, in nats. */
  readonly entropy: number;
  /** Trainer over sampler, before clipping. */
  readonly ratio: { readonly mean: number; readonly max: number };
  readonly clippedShare: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** In policy versions, over the samples of the batch. */
  readonly staleness: { readonly mean: number; readonly max: number };
  readonly tokens: { readonly sampled: number; readonly trained: number; readonly loss: number };
  /** Wall-clock seconds: of the whole step, and of its parts; `generate` and `reward` are sums over workers. */
  readonly seconds: {
    readonly step: number;
    readonly generate: number;
    readonly reward: number;
    readonly wait: number;
    readonly forward: number;
    readonly backward: number;
    readonly optimizer: number;
    /** From the batch's composition to its policy; 0 where there was no batch. */
    readonly inHand: number;
  };
  /** |log trainer − log sampler| in nats, for each variant of the base. */
  readonly gaps: TrainedMetrics["gaps"];
}

/** What `summary.json` holds. */
export interface Summary {
  readonly run: string;
  readonly state: string;
  /** Why it ended; empty while it runs. */
  readonly reason: string;
  readonly steps: readonly StepReport[];
  readonly heldOut: HeldOut;
  readonly ledger: readonly LaneBalance[];
  /** Instances that cannot be used, and why. */
  readonly unusable: Readonly<Record<string, string>>;
  readonly versions: readonly PolicyName[];
}

/** Sums a run up. `balances` are the books of every lane. */
export function summarize(state: LedgerState, balances: readonly LaneBalance[]): Summary {
  return {
    run: state.run,
    state: state.phase,
    reason: state.endReason,
    steps: reportSteps(state),
    heldOut: compareRounds(state.evals.values()),
    ledger: balances,
    unusable: Object.fromEntries(state.unusable),
    versions: state.policies,
  };
}

/** The steps that are over, oldest first. */
export function reportSteps(state: LedgerState): StepReport[] {
  const over = [...state.steps.values()].filter((step) => step.endedAt > 0).sort((a, b) => a.step - b.step);
  return over.map((step, i) => reportStep(step, over[i - 1]?.endedAt ?? state.startedAt));
}

/** Of a step that the trainer skipped. */
const NO_METRICS: TrainedMetrics = {
  loss: 0,
  kl: 0,
  entropy: 0,
  ratioMean: 0,
  ratioMax: 0,
  clippedShare: 0,
  gradientNorm: 0,
  learningRate: 0,
  lossTokens: 0,
  trainedTokens: 0,
  waitSeconds: 0,
  forwardSeconds: 0,
  backwardSeconds: 0,
  optimizerSeconds: 0,
  gaps: [],
};

function reportStep(record: StepRecord, startedAt: number): StepReport {
  const { sums } = record;
  const metrics = record.metrics ?? NO_METRICS;
  return {
    step: record.step,
    skipped: record.skipped,
    endedAt: record.endedAt,
    meanReward: ratio(sums.reward, sums.rollouts),
    formatRate: ratio(sums.wellFormed, sums.rollouts),
    exactRate: ratio(sums.exact, sums.rollouts),
    rollouts: sums.rollouts,
    refilledGroups: record.refilled,
    trainedRollouts: record.batchRollouts,
    kl: metrics.kl,
    entropy: metrics.entropy,
    ratio: { mean: metrics.ratioMean, max: metrics.ratioMax },
    clippedShare: metrics.clippedShare,
    gradientNorm: metrics.gradientNorm,
    learningRate: metrics.learningRate,
    staleness: { mean: ratio(record.stalenessSum, record.batchRollouts), max: record.stalenessMost },
    tokens: { sampled: sums.tokens, trained: metrics.trainedTokens, loss: metrics.lossTokens },
    seconds: {
      step: (record.endedAt - startedAt) / 1000,
      generate: sums.generateMs / 1000,
      reward: sums.rewardMs / 1000,
      wait: metrics.waitSeconds,
      forward: metrics.forwardSeconds,
      backward: metrics.backwardSeconds,
      optimizer: metrics.optimizerSeconds,
      inHand: record.composedAt === 0 ? 0 : (record.endedAt - record.composedAt) / 1000,
    },
    gaps: metrics.gaps,
  };
}

function ratio(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}
