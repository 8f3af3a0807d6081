/**
 * What the coordinator knows: the shape of the fold. Only the fold writes it; everybody else reads.
 *
 * @module
 */
import type {
  AcceptedRollout,
  BatchGroupRef,
  Lane,
  PolicyName,
  RunSettings,
  TrainedMetrics,
} from "./events.ts";
import type { RunPhase, SampleState } from "./transitions.ts";

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
  /** By sample index. */
  readonly samples: SampleRecord[];
  /** Number of the message that may be leased now. */
  dispatch: number;
  /** The live lease. */
  lease: string | null;
  deaths: number;
  /** Lost samples that new indexes may still make up for. */
  owed: number;
  /** New indexes given so far. */
  replaced: number;
  /** Step of the batch that it is part of. */
  batch: number | null;
}

/** A live lease. */
export interface LeaseRecord {
  readonly lease: string;
  readonly task: string;
  readonly worker: string;
  /** Policy that its samples are made with. */
  readonly version: number;
  readonly samples: Set<number>;
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

/** Everything that follows from the events so far. */
export interface LedgerState {
  phase: RunPhase;
  run: string;
  base: string;
  settings: RunSettings;
  startedAt: number;
  /** Time of the newest event. */
  at: number;
  epoch: number;
  trainerEpoch: number;
  stopAfter: number | null;
  endReason: string;
  /** Newest policy version; its step is over. */
  step: number;
  /** Newest step whose batch is composed. */
  composed: number;
  /** Times in a row that a step was given up because too many groups had no signal. */
  givenUp: number;
  /** Groups skipped since the newest batch was composed or a step was given up. */
  refilled: number;
  /** By version. */
  readonly policies: PolicyName[];
  /** Tasks ever issued. */
  taskCount: number;
  /** Position of the next training prompt in the order over all epochs. */
  nextOrdinal: number;
  /** Live ones, in the order in which they were issued. */
  readonly tasks: Map<string, TaskRecord>;
  /** Of tasks that are over: one letter a sample, by index; see {@link OUTCOME_LETTERS}. */
  readonly closed: Map<string, string>;
  readonly leases: Map<string, LeaseRecord>;
  /** Composed and neither trained nor skipped, by step. */
  readonly batches: Map<number, BatchRecord>;
  /** By step; those composed, and the one that is being filled. */
  readonly steps: Map<number, StepRecord>;
  /** By version. */
  readonly evals: Map<number, EvalRound>;
  readonly lanes: Record<Lane, LaneCounters>;
  /** Instances that can never be used, and why. */
  readonly unusable: Map<string, string>;
  /** Sequences in ROLLOUTS that must not go yet. */
  readonly liveSequences: Set<number>;
  /** Largest sequence that an event named. */
  lastSequence: number;
  archivedThrough: number;
  /** Outcomes in the archive. */
  archivedOutcomes: number;
  /** Not yet in the archive, oldest first. */
  outcomes: Outcome[];
}

/** How a sample's end is written in {@link LedgerState.closed}. */
export const OUTCOME_LETTERS: Partial<Record<SampleState, string>> = {
  trained: "t",
  skipped: "s",
  evaluated: "e",
  rejected: "r",
  expired: "x",
};

const NO_SETTINGS: RunSettings = {
  seed: 0,
  steps: 0,
  prompts: 0,
  group: 0,
  temperature: 1,
  staleness: 0,
  refillAtMost: 0,
  evalTasks: 0,
  evalEvery: 0,
  evalTemperatures: [],
};

/** The state before any event. */
export function emptyState(): LedgerState {
  return {
    phase: "new",
    run: "",
    base: "",
    settings: NO_SETTINGS,
    startedAt: 0,
    at: 0,
    epoch: 0,
    trainerEpoch: 0,
    stopAfter: null,
    endReason: "",
    step: 0,
    composed: 0,
    givenUp: 0,
    refilled: 0,
    policies: [{ version: 0, adapter: "" }],
    taskCount: 0,
    nextOrdinal: 0,
    tasks: new Map(),
    closed: new Map(),
    leases: new Map(),
    batches: new Map(),
    steps: new Map(),
    evals: new Map(),
    lanes: { train: emptyLane(), eval: emptyLane() },
    unusable: new Map(),
    liveSequences: new Set(),
    lastSequence: 0,
    archivedThrough: 0,
    archivedOutcomes: 0,
    outcomes: [],
  };
}

function emptyLane(): LaneCounters {
  return {
    issued: 0,
    accepted: 0,
    rejected: 0,
    expired: 0,
    trained: 0,
    evaluated: 0,
    skipped: new Map(),
    rejections: new Map(),
  };
}
