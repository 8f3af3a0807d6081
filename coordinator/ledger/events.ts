/**
 * What the coordinator decides. Each decision is an event in LEDGER; its memory is the fold over them and nothing else.
 *
 * @module
 */
import type { RunSettings } from "./run-settings.ts";

/** Raised whenever an older coordinator would misread what is written. */
export const LEDGER_SCHEMA = 1;

/** What a task is for. */
export type Lane = "train" | "eval";

/** A policy: a version and the SHA-256 of its adapter in hex, empty for the base. */
export interface PolicyName {
  readonly version: number;
  readonly adapter: string;
}

/** What is known of a rollout without opening it. */
export interface AcceptedRollout {
  /** Where in ROLLOUTS it is. */
  readonly sequence: number;
  /** Of the bytes there, in hex. */
  readonly sha256: string;
  readonly reward: number;
  readonly wellFormed: boolean;
  readonly exact: boolean;
  /** Oldest policy version among its tokens. */
  readonly oldest: number;
  /** Sampled tokens. */
  readonly tokens: number;
  /** Cut off at the most tokens allowed. */
  readonly cutOff: boolean;
  readonly worker: string;
  readonly generateMs: number;
  readonly rewardMs: number;
}

/** What the trainer said about a step; see `StepMetrics` in proto. */
export interface TrainedMetrics {
  readonly loss: number;
  readonly kl: number;
  readonly entropy: number;
  readonly ratioMean: number;
  readonly ratioMax: number;
  readonly clippedShare: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly lossTokens: number;
  readonly trainedTokens: number;
  readonly waitSeconds: number;
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
  readonly optimizerSeconds: number;
  readonly gaps: readonly {
    readonly variant: string;
    readonly tokens: number;
    readonly meanAbs: number;
    readonly maxAbs: number;
    readonly cutShare: number;
    /** Of a ledger that an older version wrote there is none of the two. */
    readonly ratioMean?: number;
    readonly clippedShare?: number;
  }[];
}

/** The members of one group in a batch. */
export interface BatchGroupRef {
  readonly task: string;
  readonly samples: readonly number[];
}

/** Why an accepted sample was not trained on. */
export type SkipReason = "no-signal" | "stale" | "short" | "run-over";

/** Why a batch that was composed was not trained on, nor any of its samples. */
export type BatchSkipReason = "step-skipped" | "rewound";

/** Why a sample failed that another worker, with the run's own context, can make. */
export const TOO_LONG_FOR_WORKER = "prompt-too-long-for-worker";

/** Why an open sample is no longer wanted. */
export type ExpiryReason = "stale" | "run-over";

/** Whose end a lease ended by: an engine died over it, its worker fell silent, or nobody's. */
export type Death = "engine" | "silence" | false;

/** A file that the archive has made durable. */
export interface ArchivedFile {
  readonly file: string;
  readonly sha256: string;
  readonly rows: number;
}

/** A decision, before it is given its time. */
export type Decision =
  | {
      readonly type: "run_started";
      readonly schema: number;
      readonly run: string;
      /** SHA-256 of the training base, in hex. */
      readonly base: string;
      readonly settings: RunSettings;
    }
  /** A coordinator took over; `schema` is of what it writes from here on, as far as it said so. */
  | { readonly type: "opened"; readonly epoch: number; readonly schema?: number }
  /** A trainer took over; an older epoch's policies are refused from here on. */
  | { readonly type: "trainer_opened"; readonly epoch: number }
  /** The settings changed at a resume. */
  | { readonly type: "configured"; readonly settings: RunSettings }
  | { readonly type: "paused" }
  | { readonly type: "resumed" }
  | { readonly type: "stop_requested"; readonly afterStep: number }
  /** A new task. */
  | {
      readonly type: "issued";
      readonly task: string;
      readonly lane: Lane;
      /** Of the prompt in its lane's order: for training over all epochs, for evaluation within its round. */
      readonly ordinal: number;
      readonly instance: string;
      readonly samples: number;
      readonly temperature: number;
      /** The only version that may sample it; null where the newest does. */
      readonly version: number | null;
    }
  /** New indexes for samples that were lost. */
  | { readonly type: "replaced"; readonly task: string; readonly samples: readonly number[] }
  | {
      readonly type: "leased";
      readonly lease: string;
      readonly task: string;
      readonly worker: string;
      readonly version: number;
      readonly samples: readonly number[];
    }
  /** A lease ended before its samples did. */
  | {
      readonly type: "released";
      readonly lease: string;
      readonly task: string;
      readonly reason: string;
      readonly death: Death;
    }
  /** Tokens of an unfinished sample, to be continued. */
  | {
      readonly type: "partial";
      readonly task: string;
      readonly sample: number;
      readonly sequence: number;
      readonly oldest: number;
    }
  /** A sample could not be made; it is tried again. With reason {@link TOO_LONG_FOR_WORKER} it is the worker that cannot. */
  | {
      readonly type: "failed";
      readonly task: string;
      readonly sample: number;
      readonly reason: string;
      readonly message: string;
    }
  | {
      readonly type: "accepted";
      readonly task: string;
      readonly sample: number;
      readonly attempt: number;
      readonly rollout: AcceptedRollout;
    }
  | {
      readonly type: "rejected";
      readonly task: string;
      readonly samples: readonly number[];
      readonly reason: string;
      readonly message: string;
      /** Whether new indexes make up for them. */
      readonly replace: boolean;
      /** Whether the instance itself can never be used. */
      readonly unusable: boolean;
    }
  | {
      readonly type: "expired";
      readonly task: string;
      readonly samples: readonly number[];
      readonly reason: ExpiryReason;
    }
  | { readonly type: "batched"; readonly step: number; readonly groups: readonly BatchGroupRef[] }
  /** So many groups without signal came that the step is given up; no number is used. */
  | { readonly type: "refill_exhausted"; readonly step: number }
  | {
      readonly type: "trained";
      readonly step: number;
      readonly epoch: number;
      readonly adapter: string;
      readonly metrics: TrainedMetrics;
    }
  /** The trainer could not use the batch: policy `step` is the one before. */
  | {
      readonly type: "step_skipped";
      readonly step: number;
      readonly epoch: number;
      readonly reason: string;
    }
  /** Policy `version` has the adapter of policy `source`; its step has no batch, and batches that are out are skipped. */
  | { readonly type: "rewound"; readonly version: number; readonly source: number }
  | {
      readonly type: "skipped";
      readonly task: string;
      readonly samples: readonly number[];
      readonly reason: SkipReason;
    }
  /** Every task of the version's evaluation is over. */
  | { readonly type: "evaluated"; readonly version: number }
  /** ROLLOUTS up to `through`, and the oldest `outcomes.rows` outcomes of samples up to there, are in the archive. */
  | {
      readonly type: "archived";
      readonly through: number;
      /** Messages in the range that no event ever named. */
      readonly orphans: number;
      /** Null when no rollout is in the range. */
      readonly rollouts: ArchivedFile | null;
      readonly outcomes: ArchivedFile | null;
    }
  /** Files of the archive make room: no rollout up to `through` is needed any more, and none is to be found any more. */
  | { readonly type: "dropped"; readonly through: number; readonly files: readonly string[] }
  | { readonly type: "ended"; readonly failed: boolean; readonly reason: string };

/** A decision with the time it was made at, in milliseconds since the epoch: for a person and for durations, never for decisions. */
export type LedgerEvent = Decision & { readonly at: number };

/** The event of one type. */
export type EventOf<Type extends LedgerEvent["type"]> = Extract<LedgerEvent, { type: Type }>;
