import type { RolloutRow } from "./rollouts.ts";

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
