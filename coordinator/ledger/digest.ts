/**
 * The fold as text, the same text for the same state wherever it was folded, and what that text is known by.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { LedgerState } from "./state.ts";

const MAP = "$map";
const SET = "$set";

/** A state as JSON: keys sorted, maps and sets as lists in their own order, which is the order of events. */
export function serializeState(state: LedgerState): string {
  return JSON.stringify(state, (_, value: unknown) => {
    if (value instanceof Map) return { [MAP]: [...value] };
    if (value instanceof Set) return { [SET]: [...value] };
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The state that {@link serializeState} wrote. */
export function parseState(text: string): LedgerState {
  return revived(JSON.parse(text)) as LedgerState;
}

/** Puts maps and sets in place of their lists. A function that `JSON.parse` calls for every value takes three times as long. */
function revived(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (MAP in value) return new Map(revived(value[MAP]) as [unknown, unknown][]);
  if (SET in value) return new Set(revived(value[SET]) as unknown[]);
  const entries = value as Record<string, unknown>;
  for (const key of Object.keys(entries)) {
    const before = entries[key];
    if (typeof before === "object") entries[key] = revived(before);
  }
  return value;
}

/** SHA-256 of a state's text, in hex: two replays agree where their digests do. */
export function stateDigest(state: LedgerState): string {
  return digestOfText(serializeState(state));
}

/** The digest of a state that is text already. */
export function digestOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
