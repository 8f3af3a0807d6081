/** What a reward is given. */
export interface ScoreInput {
  /** Path → content, as the model saw it. */
  readonly files: Readonly<Record<string, string>>;
  /** Path → content after the true change; null for a deleted file. Only files that change. */
  readonly oracle: Readonly<Record<string, string | null>>;
  /** What the model wrote. */
  readonly reply: string;
}

/** How one file was changed, and how it should have been. */
export interface FileVerdict {
  readonly path: string;
  /** 0 … 1 */
  readonly similarity: number;
  /** Unified diff of the predicted change; empty when there is none. */
  readonly predicted: string;
  /** Unified diff of the true change; empty when there is none. */
  readonly oracle: string;
}

/** What is wrong with a reply, and where. */
export interface MistakeNote {
  /** A sentence. */
  readonly message: string;
  /** The offending text, cut to 400 characters. */
  readonly text: string;
  /** Line of the reply, from 1. */
  readonly line: number;
}

/** Why a reply got its reward; plain data. */
export interface Explanation {
  readonly mistake: MistakeNote | null;
  /** Files that either side changes, in code-point order of their paths. */
  readonly files: readonly FileVerdict[];
  /** What rewards of the user's own say. */
  readonly notes?: readonly { readonly name: string; readonly text: string }[];
}

/** A part of a reward. The reward is the sum of value × weight. */
export interface RewardComponent {
  readonly name: string;
  readonly value: number;
  readonly weight: number;
}

/** The score of a reply. */
export interface Verdict {
  /** Finite and within {@link REWARD_RANGE}. */
  readonly reward: number;
  /** Whether every file is, to the last byte, what the true change makes of it. */
  readonly exact: boolean;
  /** Class of the mistake; empty when the reply has none. */
  readonly errorClass: string;
  /** Name and version of what scored. */
  readonly scorer: string;
  readonly components: readonly RewardComponent[];
  readonly explanation: Explanation;
}

/** Scores one reply. Pure; an exception is an error of the reward, never of the reply. */
export type Reward = (input: ScoreInput) => Verdict;

/** Least and greatest reward. */
export const REWARD_RANGE: readonly [number, number] = [-1, 1];
