import type { ArchivedFile, LedgerEvent } from "../ledger/events.ts";
import { applyEvent } from "../ledger/fold.ts";
import type { LedgerMessage } from "../ledger/read-events.ts";
import type { Outcome } from "../ledger/records.ts";
import { emptyState, type LedgerState } from "../ledger/state.ts";
import { IllegalTransitionError } from "../ledger/transitions.ts";
import { type Audit, createAudit } from "./audit.ts";

/** A rollout that an event names. */
export interface NamedRollout {
  readonly task: string;
  readonly sample: number;
  /** Null of a partial one, whose event has none. */
  readonly sha256: string | null;
}

/** What the ledger says of itself and of everything that is kept beside it. */
export interface LedgerFacts {
  readonly state: LedgerState;
  readonly audit: Audit;
  /** What cannot be: a message that is missing, or an event that cannot follow. Nothing is folded after it. */
  readonly broken: string | null;
  readonly messages: number;
  readonly events: number;
  /** By sequence in ROLLOUTS. */
  readonly rollouts: ReadonlyMap<number, NamedRollout>;
  /** That the archive must hold. */
  readonly files: readonly ArchivedFile[];
  /** Files that need not be in the archive any more. */
  readonly dropped: ReadonlySet<string>;
  readonly outcomes: readonly Outcome[];
  /** Adds the next message. `onEvent` is called after each of its events. */
  add(message: LedgerMessage, onEvent?: () => void): void;
}

/** Creates the facts of a ledger of which nothing is read yet. */
export function createFacts(): LedgerFacts {
  const state = emptyState();
  const audit = createAudit();
  const rollouts = new Map<number, NamedRollout>();
  const files: ArchivedFile[] = [];
  const dropped = new Set<string>();
  const outcomes: Outcome[] = [];
  let broken: string | null = null;
  let messages = 0;
  let events = 0;

  function see(event: LedgerEvent): void {
    const before = state.outcomes;
    applyEvent(state, event);
    audit.see(event);
    events += 1;
    if (event.type === "accepted") {
      const { sequence, sha256 } = event.rollout;
      rollouts.set(sequence, { task: event.task, sample: event.sample, sha256 });
    } else if (event.type === "partial") {
      rollouts.set(event.sequence, { task: event.task, sample: event.sample, sha256: null });
    } else if (event.type === "archived") {
      const left = new Set(state.outcomes);
      outcomes.push(...before.filter((outcome) => !left.has(outcome)));
      files.push(...[event.rollouts, event.outcomes].filter((file) => file !== null));
    } else if (event.type === "dropped") {
      for (const file of event.files) dropped.add(file);
    }
  }

  return {
    state,
    audit,
    rollouts,
    files,
    dropped,
    outcomes,
    get broken() {
      return broken;
    },
    get messages() {
      return messages;
    },
    get events() {
      return events;
    },
    add: (message, onEvent = () => {}) => {
      if (broken !== null) return;
      messages += 1;
      if (message.sequence !== messages) {
        broken = `message ${messages} of the ledger is missing: the next one is ${message.sequence}`;
        return;
      }
      try {
        for (const event of message.events) {
          see(event);
          onEvent();
        }
      } catch (error) {
        if (!(error instanceof IllegalTransitionError)) throw error;
        broken = `message ${message.sequence} of the ledger cannot follow what came before: ${error.message}`;
      }
    },
  };
}
