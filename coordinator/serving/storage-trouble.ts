import type { Logger } from "../../telemetry/index.ts";
import type { RolloutStore } from "../../transport/index.ts";

/** What cannot be stored at the moment, and why. */
export interface StorageTrouble {
  /** In one sentence; null when everything can be stored. */
  readonly now: string | null;
  /** Size of the newest rollout that was refused; null when one was stored since. */
  refusedBytes: number | null;
  /** Why something cannot be stored; null when it was. Logged when it changes. */
  tell(what: string, why: string | null): void;
}

/** Creates the record of a coordinator's storage, empty. */
export function createStorageTrouble(logger: Logger): StorageTrouble {
  const reasons = new Map<string, string>();
  return {
    refusedBytes: null,
    get now() {
      const [first] = reasons;
      return first === undefined ? null : `${first[0]} to be stored: ${first[1]}`;
    },
    tell: (what, why) => {
      if ((reasons.get(what) ?? null) === why) return;
      if (why === null) {
        reasons.delete(what);
        logger.info(`${what} is stored again`);
      } else {
        reasons.set(what, why);
        logger.warn(`waiting for ${what} to be stored`, { why });
      }
    },
  };
}

/** The store, which tells whenever it cannot take a rollout. */
export function tellingTrouble<Store extends RolloutStore>(store: Store, trouble: StorageTrouble): Store {
  return {
    ...store,
    put: async (rollout, id) => {
      try {
        const sequence = await store.put(rollout, id);
        trouble.tell("a rollout", null);
        trouble.refusedBytes = null;
        return sequence;
      } catch (error) {
        trouble.refusedBytes = rollout.byteLength;
        if (error instanceof Error) trouble.tell("a rollout", error.message);
        throw error;
      }
    },
  };
}
