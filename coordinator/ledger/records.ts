/**
 * What the coordinator knows of samples, tasks, leases, batches, steps and evaluations. Only the fold writes them.
 *
 * @module
 */
import type { AcceptedRollout, BatchGroupRef, Death, Lane, TrainedMetrics } from "./events.ts";
import type { SampleState } from "./transitions.ts";

/** One sample of a live task. */
export interface SampleRecord {
  state: SampleState;
  /** Leases that it was part of. */
  attempt: number;
  /** Times that it could not be made. */
  failures: number;
  /** Where in ROLLOUTS the tokens to continue from are, and the oldest version among them. */
  prefix: { readonly sequence: number; readonly oldest: number } | null;
  /** Once accepted. */
  rollout: AcceptedRollout | null;
  acceptedAt: number | null;
}

/** A task with at least one sample whose end is not known yet. */
export interface TaskRecord {
  readonly task: string;
  readonly lane: Lane;
  readonly ordinal: number;
  readonly instance: string;
  readonly temperature: number;
  readonly version: number | null;
  /** Samples it was issued with. */
  readonly group: number;
  readonly issuedAt: number;
  /** By sample index. */
  readonly samples: SampleRecord[];
  /** How many of them are open. */
  open: number;
  /** No token that was ever kept of it is of an older policy version; null while none was. */
  oldest: number | null;
  /** Number of the message that may be leased now. */
  dispatch: number;
  /** The live lease. */
  lease: string | null;
  /** Those that are over, oldest first. */
  readonly leases: LeaseSpan[];
  /** Time since which what is missing of it waits for a worker. */
  since: number;
  /** What was lost over it, oldest first. */
  readonly losses: Loss[];
  /** Workers whose context its prompt does not fit. */
  readonly unfit: string[];
  /** Lost samples that new indexes may still make up for. */
  owed: number;
  /** New indexes given so far. */
  replaced: number;
  /** Step of the batch that it is part of. */
  batch: number | null;
}

/** A lease that is over. */
export interface LeaseSpan {
  readonly lease: string;
  readonly worker: string;
  /** Time since which the task had waited for it. */
  readonly queuedAt: number;
  readonly since: number;
  readonly until: number;
  /** Why it ended before its samples did; "" when it did not. */
  readonly reason: string;
  readonly death: Death;
}

/** A lease that ended by a death. */
export interface Loss {
  readonly worker: string;
  /** Whether the engine died; else the worker fell silent. */
  readonly engine: boolean;
}

/** A live lease. */
export interface LeaseRecord {
  readonly lease: string;
  readonly task: string;
  readonly worker: string;
  /** Policy that its samples are made with. */
  readonly version: number;
  readonly samples: Set<number>;
  /** Time since which the task had waited for it. */
  readonly queuedAt: number;
  readonly since: number;
}

/** A batch that is composed and not trained yet. */
export interface BatchRecord {
  readonly step: number;
  readonly groups: readonly BatchGroupRef[];
}

/** Sums over samples. */
export interface SampleSums {
  rollouts: number;
  reward: number;
  wellFormed: number;
  exact: number;
  tokens: number;
  cutOff: number;
  generateMs: number;
  rewardMs: number;
}

/** One step, from its first group to its policy. */
export interface StepRecord {
  readonly step: number;
  /** Over every accepted sample of the groups that came for it, those without signal included. */
  readonly sums: SampleSums;
  /** Groups that came for it and were skipped. */
  refilled: number;
  groups: number;
  /** Samples in its batch. */
  batchRollouts: number;
  batchTokens: number;
  /** Over the samples of its batch. */
  stalenessSum: number;
  stalenessMost: number;
  composedAt: number;
  endedAt: number;
  metrics: TrainedMetrics | null;
  skipped: string | null;
  /** The version that it went back to instead of training. */
  source: number | null;
}

/** One evaluated sample. */
export interface EvalResult {
  readonly instance: string;
  readonly temperature: number;
  readonly reward: number;
  readonly wellFormed: boolean;
  readonly exact: boolean;
}

/** The evaluation of one version. */
export interface EvalRound {
  readonly version: number;
  issued: number;
  done: boolean;
  readonly results: EvalResult[];
}

/** What became of a sample; kept until it is in the archive. */
export interface Outcome {
  readonly lane: Lane;
  readonly task: string;
  readonly sample: number;
  readonly attempt: number;
  readonly instance: string;
  readonly outcome: SampleState;
  readonly reason: string;
  /** Step of its batch, or version of its evaluation. */
  readonly step: number | null;
  /** In ROLLOUTS. */
  readonly sequence: number | null;
  readonly sha256: string | null;
  readonly history: SampleHistory;
}

/** When what happened to a sample, in milliseconds since the epoch; null where it did not. */
export interface SampleHistory {
  /** Of its task. */
  readonly issuedAt: number;
  readonly acceptedAt: number | null;
  /** When the batch was composed that it is part of. */
  readonly batchedAt: number | null;
  readonly endedAt: number;
  /** Of its task, as far as they were over by then. */
  readonly leases: readonly LeaseSpan[];
}

/** Samples of a lane by what became of them. */
export interface LaneCounters {
  issued: number;
  accepted: number;
  rejected: number;
  expired: number;
  trained: number;
  evaluated: number;
  /** By reason. */
  readonly skipped: Map<string, number>;
  /** Rejected ones by reason. */
  readonly rejections: Map<string, number>;
}
