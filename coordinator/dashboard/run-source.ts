import type { Curves, FleetView, LedgerView, RunView, StatusView } from "../../dashboard/index.ts";

/** A rollout that is not in the archive yet. */
export interface FreshRollout {
  readonly sequence: number;
  /** As its worker sent it. */
  readonly data: Uint8Array;
  readonly issue: string;
}

/** What became of a sample, where the archive does not say so yet. */
export interface FreshEnd {
  /** Null where it has no rollout. */
  readonly sequence: number | null;
  readonly lane: string;
  readonly outcome: string;
  readonly reason: string;
  readonly step: number | null;
}

/** What a reader of the archive is told beside it. */
export interface FreshRollouts {
  /** Those that it was not told of before. */
  readonly rollouts: readonly FreshRollout[];
  readonly ends: readonly FreshEnd[];
  /** Of those that it was told of, only later ones are kept. */
  readonly keptAfter: number;
  /** Rollouts up to here are in the archive. */
  readonly archivedThrough: number;
  /** So many outcomes are in the archive. */
  readonly archivedOutcomes: number;
}

/** The rollouts of a run that are not archived yet, as one reader gets to know them. */
export interface FreshFeed {
  /** @param generation - of the reader; a new one is told everything again */
  take(generation: number): Promise<FreshRollouts>;
  /** The reader has taken in what it was told: these are not told again. */
  taken(fresh: FreshRollouts): void;
  /** Rollouts that are neither archived nor were told of. */
  notYet(): number;
}

/** A run as the dashboard shows it: one that runs, or one that has ended. */
export interface RunSource {
  readonly run: string;
  status(): StatusView;
  curves(): Curves;
  /** All but the curves and the runs beside it. */
  about(): Pick<RunView, "waiting" | "settings">;
  fleet(): FleetView;
  /** All but why samples ended as they did. */
  books(): Pick<LedgerView, "lanes" | "setAside">;
  readonly fresh: FreshFeed;
}

/** Runs beside the one that is shown. */
export interface OtherRuns {
  /** Their ids. */
  list(): Promise<string[]>;
  /** Null where there are none to read. */
  curves(run: string): Promise<Curves | null>;
}
