import type { Logger } from "../../telemetry/index.ts";
import { createTrainerPresence, type TrainerPresence } from "../batching/trainer-presence.ts";
import type { Dispatcher } from "../issuing/dispatcher.ts";
import { nextDecisions } from "../issuing/next-decisions.ts";
import type { Prompts } from "../issuing/next-tasks.ts";
import type { LeaseTerms } from "../leasing/lease-terms.ts";
import type { Decision, Lane } from "../ledger/events.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LedgerState } from "../ledger/state.ts";
import { type Changes, createChanges } from "./changes.ts";
import type { StorageTrouble } from "./storage-trouble.ts";

/** What every call that is served shares: the ledger, and what follows from it. */
export interface Core {
  readonly state: LedgerState;
  readonly terms: LeaseTerms;
  readonly changes: Changes;
  readonly prompts: Prompts;
  /** Of the run, the same for every worker that keeps to it. */
  readonly contextTokens: number;
  /** Whether a trainer is there. */
  readonly trainer: TrainerPresence;
  /** Samples delivered again after they were counted. */
  readonly duplicates: Record<Lane, number>;
  /**
   * Decides. Resolves once the decisions are durable. What follows by itself is decided once for all that is decided in
   * one turn of the event loop, right after it; the dispatches that follow go out when that is durable.
   */
  decide(...decisions: readonly Decision[]): Promise<void>;
  /** Decides what follows by itself from the state as it is. */
  advance(): Promise<void>;
  /** Resolves once everything decided so far, and what follows from it, is durable. */
  settled(): Promise<void>;
  /** What cannot be stored at the moment. */
  readonly trouble: Pick<StorageTrouble, "now">;
  /** Whether the trace of a task is to be kept, as far as is known by now. */
  keepsTrace(task: string): boolean;
}

/** What a core is made of. */
export interface CoreParts {
  readonly ledger: Ledger;
  readonly dispatcher: Dispatcher;
  readonly terms: LeaseTerms;
  readonly prompts: Prompts;
  readonly trouble: Pick<StorageTrouble, "now">;
  readonly contextTokens: number;
  readonly logger: Logger;
  /** Left out: nobody asks for traces. */
  readonly keepsTrace?: (task: string) => boolean;
}

/** Creates the core of a coordinator whose ledger is open. */
export function createCore(parts: CoreParts): Core {
  const { ledger, dispatcher, terms, prompts, trouble, contextTokens, logger } = parts;
  const { state } = ledger;
  const changes = createChanges();

  /** Decides until nothing follows any more. */
  function follow(): void {
    for (let next = nextDecisions(state, prompts); next.length > 0; next = nextDecisions(state, prompts)) {
      for (const decision of next) logDecision(logger, state, decision);
      void ledger.decide(...next);
    }
  }

  /** Sends what the ledger, as it is now, asks for, and wakes those who wait. */
  async function carryOut(): Promise<void> {
    for (const lease of terms.held()) if (!state.leases.has(lease)) terms.forget(lease);
    const orders = dispatcher.take(state);
    await ledger.settled();
    changes.tell();
    if (orders.count > 0) await orders.send();
  }

  function carryOutLater(): void {
    // What could not be sent is found missing by the next repair of the queue; a lost ledger ends the coordinator.
    carryOut().catch((error: unknown) => logger.warn("dispatches not sent", { error }));
  }

  let isDue = false;

  function advance(): void {
    isDue = false;
    follow();
    carryOutLater();
  }

  function advanceSoon(): void {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      try {
        if (isDue) advance();
      } catch (error) {
        logger.error("what follows cannot be decided", { error }); // The ledger has failed, and ends the coordinator.
      }
    });
  }

  return {
    state,
    terms,
    changes,
    prompts,
    contextTokens,
    trainer: createTrainerPresence(),
    duplicates: { train: 0, eval: 0 },
    settled: async () => {
      if (isDue) advance();
      await ledger.settled();
    },
    trouble,
    keepsTrace: parts.keepsTrace ?? (() => false),
    decide: (...decisions) => {
      for (const decision of decisions) logDecision(logger, state, decision);
      const durable = ledger.decide(...decisions);
      advanceSoon();
      return durable;
    },
    advance: () => {
      advance();
      return ledger.settled();
    },
  };
}

/** Decisions about single samples and tasks that went as they should; they are in the ledger alone. */
const QUIET: ReadonlySet<Decision["type"]> = new Set([
  "issued",
  "leased",
  "partial",
  "accepted",
  "replaced",
  "skipped",
]);
const LOSSES: ReadonlySet<Decision["type"]> = new Set([
  "rejected",
  "expired",
  "failed",
  "refill_exhausted",
  "step_skipped",
]);

/** What is lost is named by its instance too; `state` is as it was before the decision. */
function logDecision(logger: Logger, state: LedgerState, decision: Decision): void {
  const { type, ...fields } = decision;
  if (QUIET.has(type)) return;
  if (decision.type === "batched") logger.info(type, { step: decision.step, groups: decision.groups.length });
  else if (LOSSES.has(type) || (decision.type === "released" && decision.death))
    logger.warn(type, { ...fields, ...("task" in decision && instanceOf(state, decision.task)) });
  else logger.info(type, fields);
}

function instanceOf(state: LedgerState, task: string): { readonly instance?: string } {
  const instance = state.tasks.get(task)?.instance;
  return instance === undefined ? {} : { instance };
}
