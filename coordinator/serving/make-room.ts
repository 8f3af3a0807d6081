import type { Archiver } from "../archive/archiver.ts";
import type { Core } from "./core.ts";
import { RunFailedError } from "./open-run.ts";
import type { RunStores } from "./open-stores.ts";

/** Makes room for rollouts that were refused. */
export interface RoomMaker {
  /** Rejects when there is no room, and nothing that is under way will make any. */
  readonly failed: Promise<never>;
  /** Archives and deletes what can be. */
  make(): Promise<void>;
}

/** What a room maker works with. */
export interface RoomParts {
  readonly core: Pick<Core, "state">;
  readonly archiver: Pick<Archiver, "makeRoom">;
  readonly stores: {
    readonly rollouts: Pick<RunStores["rollouts"], "roomBytes">;
    readonly trouble: Pick<RunStores["trouble"], "refusedBytes">;
  };
  /** The bound of the rollouts; null when there is none. */
  readonly mostMiB: number | null;
}

/** Looks in a row that find the run where it was. */
const LOOKS = 5;
/** What the server stores beside a rollout's bytes. */
const OVERHEAD_BYTES = 1_024;

/** Creates the room maker of a coordinator that serves. */
export function createRoomMaker({ core, archiver, stores, mostMiB }: RoomParts): RoomMaker {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // Looked at by whoever races it.
  const { state } = core;
  let before = "";
  let looks = 0;

  /** A batch that is out makes room when it is trained; without one, none can be composed either. */
  async function isStuck(): Promise<boolean> {
    if (state.batches.size > 0 || state.phase !== "running") return false;
    const room = await stores.rollouts.roomBytes();
    return room < (stores.trouble.refusedBytes ?? 0) + OVERHEAD_BYTES;
  }

  return {
    failed: failure.promise,
    make: async () => {
      await archiver.makeRoom();
      const now = (await isStuck()) ? `${state.step} ${state.lastSequence} ${state.outcomes.length}` : "";
      looks = now === before && now !== "" ? looks + 1 : 0;
      before = now;
      if (looks < LOOKS) return;
      failure.reject(
        new RunFailedError(
          `storage.rolloutsMiB ${mostMiB} is too small: ${state.liveSequences.size} rollouts fill it before step ${state.step + 1} has its batch; raise it, or put null, and go on with fleet train --resume`,
        ),
      );
    },
  };
}
