import type { Logger } from "../../telemetry/index.ts";
import { LedgerCutError, RolloutMissingError } from "../../transport/index.ts";
import { pointAtNewest } from "../batching/publish-policy.ts";
import { type Dispatcher, policyOf } from "../issuing/dispatcher.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { Core } from "./core.ts";
import { RunRefusedError } from "./open-run.ts";
import type { RunStores } from "./open-stores.ts";

/** Looks whether everything that is stored is still there. */
export interface StorageGuard {
  /** Rejects when something is gone that nobody can make again. */
  readonly failed: Promise<never>;
  /** Makes again what was deleted and can be made again, and says so. */
  look(): Promise<void>;
}

/** What a guard works with. */
export interface GuardParts {
  readonly stores: RunStores;
  readonly core: Core;
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
}

/** Creates the guard of a coordinator that serves. */
export function createStorageGuard({ stores, core, dispatcher, logger }: GuardParts): StorageGuard {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // Looked at by whoever races it.
  const { state } = core;

  async function inspect(): Promise<void> {
    try {
      await stores.log.inspect();
      await stores.rollouts.inspect(state.lastSequence);
    } catch (error) {
      if (error instanceof LedgerCutError || error instanceof RolloutMissingError) failure.reject(error);
      throw error;
    }
  }

  async function rebuild(): Promise<void> {
    const made = await stores.repair();
    for (const stream of made) logger.warn("a stream was deleted and is made again", { stream });
    if (made.length === 0) return;
    await dispatcher.repair(state);
    await core.advance();
  }

  async function inspectPolicy(): Promise<void> {
    const { version, adapter } = policyOf(state, state.step);
    const pointed = await stores.policies.pointer.get();
    if (pointed === null || pointed.version < version) {
      logger.warn("the policy pointer was lost and is set again", { version });
      await pointAtNewest(state, stores.policies.pointer);
    }
    const isThere = adapter === "" || (await stores.policies.adapters.has(adapter));
    const help =
      "the store does not hold it any more: stop the run, and a checkpoint's goes on with fleet train --resume --from-step N";
    if (state.step === version) stores.trouble.tell("the newest policy's adapter", isThere ? null : help);
  }

  return {
    failed: failure.promise,
    look: async () => {
      await inspect();
      await rebuild();
      await inspectPolicy();
    },
  };
}

/**
 * Checks that an empty ledger is that of a new run, and that the rollouts go as far as the ledger.
 *
 * @throws {RunRefusedError} when the run has a policy already, which only a ledger can have made
 * @throws {RolloutMissingError}
 */
export async function assertNothingLost(state: LedgerState, stores: RunStores, run: string): Promise<void> {
  await stores.rollouts.inspect(state.lastSequence);
  if (state.phase !== "new" || (await stores.policies.pointer.get()) === null) return;
  throw new RunRefusedError(
    `the run ${run} has lost its ledger: put nats-server's folder back as it was, or start a new run`,
  );
}
