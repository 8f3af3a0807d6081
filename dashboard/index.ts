/**
 * What the page and whoever serves it say to each other. The page asks by GET and gets one of these as JSON; every
 * text in them that a model or a dataset wrote is data to be shown, never markup.
 *
 * @module
 */

export { alignLines, type DiffLine, readDiff } from "./diff-lines.ts";

/** One step, as its curves show it. Rewards are over every accepted sample that came for it. */
export interface StepPoint {
  readonly step: number;
  /** Why no gradient was taken; null where one was. */
  readonly skipped: string | null;
  readonly meanReward: number;
  readonly formatRate: number;
  readonly exactRate: number;
  readonly rollouts: number;
  readonly refilledGroups: number;
  readonly trainedRollouts: number;
  readonly kl: number;
  /** In nats. */
  readonly entropy: number;
  readonly ratio: { readonly mean: number; readonly max: number };
  readonly clippedShare: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** In policy versions. */
  readonly staleness: { readonly mean: number; readonly max: number };
  readonly tokens: { readonly sampled: number; readonly trained: number; readonly loss: number };
  /** Of the whole step, and of its parts; `generate` and `reward` are sums over workers. */
  readonly seconds: {
    readonly step: number;
    readonly generate: number;
    readonly reward: number;
    readonly wait: number;
    readonly forward: number;
    readonly backward: number;
    readonly optimizer: number;
    /** From the batch's composition to its policy. */
    readonly inHand: number;
  };
}

/** What one policy version scored on the held-out tasks at one temperature. */
export interface HeldOutPoint {
  readonly version: number;
  readonly temperature: number;
  readonly tasks: number;
  readonly reward: number;
  readonly formatRate: number;
  readonly exactRate: number;
}

/** A run's curves: all that another run's page needs to draw over its own. */
export interface Curves {
  readonly run: string;
  readonly steps: readonly StepPoint[];
  readonly heldOut: readonly HeldOutPoint[];
}

/** Who waits for whom, over the newest steps. */
export interface WaitingView {
  /** One sentence with what to do about it; "" before the second step. */
  readonly sentence: string;
  /** Steps that it is about. */
  readonly steps: number;
  /** Share of the updater's time in which it waited for a batch; 0 … 1. */
  readonly updaterWaits: number;
  /** Share of the same time in which a complete batch waited for the updater; 0 … 1. */
  readonly batchWaits: number;
}

/** `GET /api/run`. */
export interface RunView extends Curves {
  readonly waiting: WaitingView;
  readonly settings: {
    readonly seed: number;
    readonly prompts: number;
    readonly group: number;
    readonly staleness: number;
    readonly temperature: number;
  };
  /** Runs beside this one whose curves can be asked for. */
  readonly others: readonly string[];
}

/** A worker that is there. */
export interface WorkerView {
  readonly name: string;
  /** "" where it is not known. */
  readonly pool: string;
  readonly device: string;
  readonly quantization: string;
  readonly variant: string;
  readonly slots: number;
  readonly busySlots: number;
  readonly policyVersion: number;
  readonly tokensPerSecond: number;
}

/** Something that is waited for. */
export interface WaitView {
  /** As it reads after "waits for". */
  readonly what: string;
  readonly on: string;
  readonly seconds: number;
  /** 0 where another deadline ends it. */
  readonly deadlineSeconds: number;
}

/** Sent as the event `status` whenever it has changed, at most once a second; also `GET /api/status`. */
export interface StatusView {
  /** Whether the run is running, rather than read from what it left. */
  readonly isLive: boolean;
  readonly run: string;
  readonly state: string;
  readonly reason: string;
  readonly step: number;
  readonly steps: number;
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** In words; "" when nothing is missing. */
  readonly waitingFor: string;
  /** Number of the newest rollout. */
  readonly newest: number;
  readonly workers: readonly WorkerView[];
  readonly waits: readonly WaitView[];
}

/** When a worker was there; milliseconds since the epoch, `to` null while it is. */
export interface Stay {
  readonly worker: string;
  readonly from: number;
  readonly to: number | null;
  /** How it left: it said that it goes, or fell silent; null while it is there. */
  readonly end: "drained" | "lost" | null;
}

/** Busy slots over time. */
export interface SlotSample {
  readonly at: number;
  readonly busy: number;
}

/** `GET /api/fleet`. */
export interface FleetView {
  /** Time of this answer, in milliseconds since the epoch. */
  readonly now: number;
  /** Since when workers have been looked at: the coordinator's start. */
  readonly since: number;
  readonly stays: readonly Stay[];
  readonly slots: Readonly<Record<string, readonly SlotSample[]>>;
}

/** A rollout in a list. */
export interface RolloutRow {
  readonly sequence: number;
  readonly lane: string;
  readonly task: string;
  readonly sample: number;
  readonly instance: string;
  /** Step of its batch, or version of its evaluation; null while neither is known. */
  readonly step: number | null;
  /** "trained", "skipped", "evaluated", or "waiting" while that is not known. */
  readonly outcome: string;
  readonly reward: number;
  readonly exact: boolean;
  readonly errorClass: string;
  readonly finish: string;
  readonly worker: string;
  /** Oldest policy version among its tokens. */
  readonly version: number;
  readonly temperature: number;
  readonly tokens: number;
  readonly promptTokens: number;
  readonly decodeMs: number;
}

/** `GET /api/rollouts?…`. */
export interface RolloutPage {
  readonly rows: readonly RolloutRow[];
  /** All that fit; null where texts are searched. */
  readonly total: number | null;
  /** Rollouts that are known. */
  readonly of: number;
  /** Where texts are searched: rollouts looked at, and what to give as `before` to look on; null at the end. */
  readonly searched: { readonly rollouts: number; readonly next: number | null } | null;
  /** Newest rollouts that this list does not know yet. */
  readonly notYet: number;
}

/** `GET /api/facets`: the values that rollouts can be filtered by. */
export interface Facets {
  readonly workers: readonly string[];
  readonly errorClasses: readonly string[];
  readonly finishes: readonly string[];
  readonly outcomes: readonly string[];
  readonly versions: { readonly least: number; readonly most: number };
}

/** Tokens of one policy. */
export interface SpanView {
  readonly from: number;
  readonly policyVersion: number;
  readonly adapter: string;
  readonly worker: string;
  readonly device: string;
  readonly variant: string;
}

/** A token's text: a string, or its bytes in hex where they are no text by themselves. */
export type Piece = string | { readonly hex: string } | { readonly special: string };

/** `GET /api/rollouts/SEQUENCE`. */
export interface RolloutView extends RolloutRow {
  readonly attempt: number;
  readonly seed: string;
  readonly traceId: string;
  readonly scorer: string;
  readonly reason: string;
  readonly issue: string;
  readonly text: string;
  readonly components: readonly { readonly name: string; readonly value: number; readonly weight: number }[];
  /** As the scorer wrote it; "" without one. */
  readonly explanationJson: string;
  readonly spans: readonly SpanView[];
  readonly timings: {
    readonly queuedMs: number;
    readonly prefillMs: number;
    readonly decodeMs: number;
    readonly rewardMs: number;
  };
  readonly tokenIds: readonly number[];
  /** In nats, one a token; so are `logq` (empty where nothing was cut off) and `entropy`. */
  readonly logp: readonly number[];
  readonly logq: readonly number[];
  readonly entropy: readonly number[];
  /** One a token; null where the vocabulary is not at hand. */
  readonly pieces: readonly Piece[] | null;
  readonly promptPieces: readonly Piece[] | null;
  /** Its task's rollouts by sample, itself among them. */
  readonly group: readonly RolloutRow[];
  /** By member of `group`; null where it has none. */
  readonly advantages: readonly (number | null)[];
}

/** Books of a lane. */
export interface LaneView {
  readonly lane: string;
  readonly issued: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly expired: number;
  readonly outstanding: number;
  readonly trained: number;
  readonly skipped: number;
  readonly evaluated: number;
  readonly waiting: number;
  readonly duplicates: number;
}

/** Samples by why they ended so. */
export interface ReasonCount {
  readonly lane: string;
  readonly outcome: string;
  readonly reason: string;
  readonly samples: number;
}

/** `GET /api/ledger`. */
export interface LedgerView {
  readonly lanes: readonly LaneView[];
  readonly reasons: readonly ReasonCount[];
  /** Instances that are not asked again. */
  readonly setAside: readonly { readonly instance: string; readonly reason: string }[];
}

/** An instance and what was made of it. */
export interface InstanceRow {
  readonly instance: string;
  readonly lane: string;
  readonly rollouts: number;
  readonly groups: number;
  readonly meanReward: number;
  readonly bestReward: number;
  readonly solved: number;
  /** Mean reward of its groups, oldest first. */
  readonly rewards: readonly number[];
}

/** `GET /api/data?…`. */
export interface DataPage {
  readonly rows: readonly InstanceRow[];
  readonly total: number;
  /** Instances of the lane by how many of their rollouts are the true change. */
  readonly counts: { readonly never: number; readonly sometimes: number; readonly always: number };
}
