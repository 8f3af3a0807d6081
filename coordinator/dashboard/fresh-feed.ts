import type { RolloutStore } from "../../transport/index.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { FreshEnd, FreshFeed, FreshRollout } from "./run-source.ts";

/** Most rollouts that are told of at once, and kept by a reader beside the archive. */
const MOST = 1_024;
const READS_AT_ONCE = 16;

/** What a feed works with. */
export interface FeedParts {
  readonly state: LedgerState;
  readonly store: Pick<RolloutStore, "get">;
  /** Of an instance; "" where it is not known. */
  issueOf(instance: string): string;
}

/** Creates the feed of a run that runs: rollouts from ROLLOUTS, their ends from the ledger. */
export function createFreshFeed({ state, store, issueOf }: FeedParts): FreshFeed {
  let generation = 0;
  let told = new Set<number>();

  function untold(): Map<number, string> {
    const all = acceptedSince(state);
    for (const sequence of told) all.delete(sequence);
    return all;
  }

  return {
    take: async (reader) => {
      if (reader !== generation) told = new Set();
      generation = reader;
      for (const sequence of told) if (sequence <= state.archivedThrough) told.delete(sequence);
      const newest = [...untold()].sort(([a], [b]) => b - a).slice(0, Math.max(0, MOST - told.size));
      const rollouts: FreshRollout[] = [];
      for (let from = 0; from < newest.length; from += READS_AT_ONCE) {
        const some = newest.slice(from, from + READS_AT_ONCE);
        const read = some.map(async ([sequence, instance]) => {
          // One that was archived meanwhile has left; the archive's files are looked at first.
          const data = await store.get(sequence).catch(() => null);
          return data === null ? [] : [{ sequence, data: data.slice(), issue: issueOf(instance) }];
        });
        rollouts.push(...(await Promise.all(read)).flat());
      }
      return { rollouts, ends: endsOf(state), archivedThrough: state.archivedThrough };
    },
    taken: ({ rollouts }) => {
      for (const { sequence } of rollouts) told.add(sequence);
    },
    notYet: () => untold().size,
  };
}

/** Sequence → instance of what was accepted and is not archived. */
function acceptedSince(state: LedgerState): Map<number, string> {
  const found = new Map<number, string>();
  for (const { instance, samples } of state.tasks.values()) {
    for (const { rollout } of samples) {
      if (rollout !== null && rollout.sequence > state.archivedThrough) found.set(rollout.sequence, instance);
    }
  }
  for (const { sequence, instance, sha256 } of state.outcomes) {
    if (sequence !== null && sha256 !== null && sequence > state.archivedThrough)
      found.set(sequence, instance);
  }
  return found;
}

function endsOf({ outcomes }: LedgerState): FreshEnd[] {
  return outcomes.map(({ sequence, lane, outcome, reason, step }) => ({
    sequence,
    lane,
    outcome,
    reason,
    step,
  }));
}
