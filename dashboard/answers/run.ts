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
  /** |log trainer − log sampler| in nats, for each variant of the base; none of a step that was skipped. */
  readonly gaps: readonly { readonly variant: string; readonly meanAbs: number }[];
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
