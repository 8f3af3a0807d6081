import type { ScoreInput } from "../rewards/index.ts";

/** What a reward thread is asked. */
export interface ScoreOrder {
  /** The `reward` section of run.yaml. */
  readonly settings: unknown;
  readonly input: ScoreInput;
}

/** What it answers instead where a reward that is served elsewhere is not there. */
export interface RewarderAway {
  /** The sentence. */
  readonly away: string;
}

/** What it answers: a verdict whose explanation is JSON already. */
export interface Score {
  readonly reward: number;
  readonly exact: boolean;
  readonly errorClass: string;
  readonly scorer: string;
  readonly components: readonly { readonly name: string; readonly value: number; readonly weight: number }[];
  readonly explanationJson: string;
}
