/**
 * What the coordinator knows: the shape of the fold. Only the fold writes it; everybody else reads.
 *
 * @module
 */
import type { Lane, PolicyName } from "./events.ts";
import type {
  BatchRecord,
  EvalRound,
  LaneCounters,
  LeaseRecord,
  Outcome,
  StepRecord,
  TaskRecord,
} from "./records.ts";
import type { RunSettings } from "./run-settings.ts";
import type { RunPhase, SampleState } from "./transitions.ts";

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
  /** Times that it went back to an older policy. */
  rewinds: number;
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
  /** Rollouts up to here have left the archive again. */
  droppedThrough: number;
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
    rewinds: 0,
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
    droppedThrough: 0,
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

/** The oldest rollout that somebody needs in ROLLOUTS, or else the first of them above `through`. */
export function oldestNeeded({ liveSequences }: LedgerState, through: number): number {
  let first = through + 1;
  for (const sequence of liveSequences) first = Math.min(first, sequence);
  return first;
}

/** The largest sequence up to which every rollout is archived, and every sample's outcome with it. */
export function mayDropThrough(state: LedgerState): number {
  let first = oldestNeeded(state, state.archivedThrough);
  for (const { sequence } of state.outcomes) first = Math.min(first, sequence ?? first);
  return first - 1;
}
