import { createHash } from "node:crypto";
import { crashPoint, Instance } from "../../core/index.ts";
import type { Rollout } from "../../proto/index.ts";
import { decodeRollout, RolloutMissingError, type RolloutStore } from "../../transport/index.ts";
import { type LedgerState, oldestNeeded } from "../ledger/state.ts";
import type { Core } from "../serving/core.ts";
import type { Archive } from "./archive.ts";
import type { ArchivedRollout } from "./columns.ts";

/** Rollouts of one file; fewer only at the end. */
const ROLLOUTS_A_FILE = 512;

/** What the archiver works with. */
export interface ArchiverParts {
  readonly core: Pick<Core, "state" | "decide">;
  readonly store: RolloutStore;
  readonly archive: Archive;
  /** Instances of both lanes by id. */
  readonly instances: ReadonlyMap<string, Instance>;
}

/** Moves rollouts and outcomes from NATS into the archive; calls must not overlap. */
export interface Archiver {
  /** Archives when a file's worth has come together. */
  archiveDue(): Promise<void>;
  /** Archives everything there is. */
  archiveAll(): Promise<void>;
  /** Archives everything, and deletes every rollout from the stream that nobody needs there any more. */
  makeRoom(): Promise<void>;
}

/** Creates the archiver of a run. */
export function createArchiver(parts: ArchiverParts): Archiver {
  const { state } = parts.core;
  const pending = () => state.lastSequence - state.archivedThrough;
  const deleted = new Set<number>();

  async function archiveAll(): Promise<void> {
    while (pending() > 0) {
      await archiveRange(parts, Math.min(state.lastSequence, state.archivedThrough + ROLLOUTS_A_FILE));
    }
    if (state.outcomes.length > 0) await archiveRange(parts, state.archivedThrough);
  }

  /** What lies behind the oldest live rollout, where purging does not reach. */
  async function deleteBetween(): Promise<void> {
    const oldest = oldestNeeded(state, state.archivedThrough);
    for (const sequence of deleted) if (sequence < oldest) deleted.delete(sequence);
    const between = Array.from({ length: state.archivedThrough + 1 - oldest }, (_, i) => oldest + i);
    const useless = between.filter((at) => !state.liveSequences.has(at) && !deleted.has(at));
    await parts.store.delete(useless);
    for (const sequence of useless) deleted.add(sequence);
  }

  return {
    archiveDue: async () => {
      if (pending() >= ROLLOUTS_A_FILE) await archiveRange(parts, state.archivedThrough + ROLLOUTS_A_FILE);
    },
    archiveAll,
    makeRoom: async () => {
      await archiveAll();
      await deleteBetween();
    },
  };
}

async function archiveRange(parts: ArchiverParts, through: number): Promise<void> {
  const { core, store, archive, instances } = parts;
  const { state } = core;
  const range = { from: state.archivedThrough + 1, through };
  const outcomes = state.outcomes.filter(({ sequence }) => (sequence ?? 0) <= through);
  const named = namedSequences(state);
  const rollouts: ArchivedRollout[] = [];
  const passedOver: number[] = [];
  if (range.from <= through) {
    for await (const { sequence, data } of store.read(range.from, through)) {
      // Of a copy: a message is a view of what came from the socket, all of which would go along to another thread.
      const rollout = decodeRollout(data.slice());
      const isPartial = rollout.completion?.finish === "FINISH_PARTIAL";
      if (named.has(sequence)) rollouts.push(rowOf({ sequence, data }, rollout, instances));
      else if (!isPartial) passedOver.push(sequence); // Its worker delivered it again, or was told that it is not wanted.
    }
  }
  assertAllThere(named, range, rollouts);
  const first = state.archivedOutcomes + 1;
  const inRollouts = await archive.writeRollouts(range, rollouts);
  crashPoint("archive.after-rollouts");
  const numbers = { from: first, through: state.archivedOutcomes + outcomes.length };
  const written = { rollouts: inRollouts, outcomes: await archive.writeOutcomes(numbers, outcomes) };
  crashPoint("archive.after-outcomes");
  const namedNow = namedSequences(state);
  const isComplete = !passedOver.some((sequence) => namedNow.has(sequence));
  if (!isComplete) return await archiveRange(parts, through); // One was decided about meanwhile.
  const orphans = passedOver.length;
  await core.decide({ type: "archived", through, orphans, ...written });
  crashPoint("archive.after-append");
  await store.purgeBelow(oldestNeeded(state, through));
  crashPoint("archive.after-purge");
}

/** @throws {RolloutMissingError} when the ledger names a rollout of the range that was not read */
function assertAllThere(
  named: ReadonlySet<number>,
  { from, through }: { readonly from: number; readonly through: number },
  rollouts: readonly ArchivedRollout[],
): void {
  const found = new Set(rollouts.map(({ sequence }) => sequence));
  const missing = [...named].filter((at) => at >= from && at <= through && !found.has(at));
  if (missing.length === 0) return;
  throw new RolloutMissingError(
    `the archive cannot go on: the ledger names rollouts that are not stored any more (messages ${missing.slice(0, 5).join(", ")})`,
  );
}

function namedSequences(state: LedgerState): Set<number> {
  return new Set([...state.liveSequences, ...state.outcomes.flatMap(({ sequence }) => sequence ?? [])]);
}

function rowOf(
  { sequence, data }: { readonly sequence: number; readonly data: Uint8Array },
  rollout: Rollout,
  instances: ReadonlyMap<string, Instance>,
): ArchivedRollout {
  const instance = instances.get(rollout.instance);
  const known = new Set(Object.keys(Instance.shape));
  const extra = Object.fromEntries(Object.entries(instance ?? {}).filter(([key]) => !known.has(key)));
  const sha256 = createHash("sha256").update(data).digest("hex");
  return { sequence, sha256, rollout, issue: instance?.issue ?? "", extraJson: JSON.stringify(extra) };
}
