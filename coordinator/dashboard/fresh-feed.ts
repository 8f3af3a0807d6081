import type { RolloutStore } from "../../transport/index.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { FreshEnd, FreshFeed, FreshRollout, FreshRollouts } from "./run-source.ts";

/** Of rollouts that are not archived, the newest are shown: so many, and so many bytes as their workers sent them. */
const MOST = 1_024;
const MOST_BYTES = 64 << 20;
const READS_AT_ONCE = 16;

/** What a feed works with. */
export interface FeedParts {
  readonly state: Pick<LedgerState, "tasks" | "outcomes" | "archivedThrough" | "archivedOutcomes">;
  readonly store: Pick<RolloutStore, "get">;
  /** Of an instance; "" where it is not known. */
  issueOf(instance: string): string;
}

/** A rollout that is shown; without its bytes where they are known. */
interface Read {
  readonly sequence: number;
  readonly data: Uint8Array | null;
  readonly bytes: number;
}

/** Creates the feed of a run that runs: rollouts from ROLLOUTS, their ends from the ledger. */
export function createFreshFeed({ state, store, issueOf }: FeedParts): FreshFeed {
  let generation = 0;
  /** Sequence → bytes. */
  let told = new Map<number, number>();

  /** What was told of is not read again. */
  async function read(sequence: number): Promise<Read | null> {
    const bytes = told.get(sequence);
    if (bytes !== undefined) return { sequence, data: null, bytes };
    const data = await store.get(sequence).catch(() => null); // One that was archived meanwhile has left.
    return data === null ? null : { sequence, data: data.slice(), bytes: data.byteLength };
  }

  async function* readInTurn(sequences: readonly number[]): AsyncGenerator<Read> {
    for (let from = 0; from < sequences.length; from += READS_AT_ONCE) {
      const some = await Promise.all(sequences.slice(from, from + READS_AT_ONCE).map(read));
      yield* some.filter((one) => one !== null);
    }
  }

  /** Reads those that were not told of, newest first, until what is shown would be too much. */
  async function readNewest(): Promise<Pick<FreshRollouts, "rollouts" | "keptAfter">> {
    const accepted = acceptedSince(state);
    const rollouts: FreshRollout[] = [];
    let isFirst = true;
    let bytes = 0;
    const sequences = [...accepted.keys()].sort((a, b) => b - a);
    for await (const one of readInTurn(sequences.slice(0, MOST))) {
      const { sequence, data } = one;
      bytes += one.bytes;
      if (bytes > MOST_BYTES && !isFirst) return { rollouts, keptAfter: sequence };
      isFirst = false;
      if (data !== null) rollouts.push({ sequence, data, issue: issueOf(accepted.get(sequence) ?? "") });
    }
    return { rollouts, keptAfter: sequences[MOST] ?? 0 };
  }

  return {
    take: async (reader) => {
      if (reader !== generation) told = new Map();
      generation = reader;
      const { rollouts, keptAfter } = await readNewest();
      const { archivedThrough, archivedOutcomes } = state;
      const after = Math.max(keptAfter, archivedThrough);
      return {
        rollouts: rollouts.filter(({ sequence }) => sequence > after),
        ends: endsOf(state),
        keptAfter: after,
        archivedThrough,
        archivedOutcomes,
      };
    },
    taken: ({ rollouts, keptAfter }) => {
      for (const sequence of told.keys()) if (sequence <= keptAfter) told.delete(sequence);
      for (const { sequence, data } of rollouts) told.set(sequence, data.byteLength);
    },
    notYet: () => [...acceptedSince(state).keys()].filter((sequence) => !told.has(sequence)).length,
  };
}

/** Sequence → instance of what was accepted and is not archived. */
function acceptedSince(state: FeedParts["state"]): Map<number, string> {
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

function endsOf({ outcomes }: Pick<LedgerState, "outcomes">): FreshEnd[] {
  return outcomes.map(({ sequence, lane, outcome, reason, step }) => ({
    sequence,
    lane,
    outcome,
    reason,
    step,
  }));
}
