import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyEvent, emptyState, type LedgerEvent } from "../../../../coordinator/index.ts";
import { parseState, serializeState, stateDigest } from "../../../../coordinator/ledger/digest.ts";
import { decodeSnapshot, encodeSnapshot, foldVersion } from "../../../../coordinator/ledger/snapshot.ts";
import { ledgerHistories } from "../../../support/ledger-histories.ts";
import { completedGroup, runThat } from "../../../support/ledger-history.ts";

const PLACE = { sequence: 7, message: "m" };

describe("a snapshot", () => {
  it("at any point of any history, and the rest folded on, gives the state of the whole replay", () => {
    fc.assert(
      fc.property(ledgerHistories, fc.nat(), ({ run }, pick) => {
        const events: LedgerEvent[] = [];
        const state = run((event) => events.push(event));
        const cut = pick % (events.length + 1);
        const before = emptyState();
        for (const event of events.slice(0, cut)) applyEvent(before, event);

        const { state: after } = decodeSnapshot(encodeSnapshot(PLACE, serializeState(before)));
        for (const event of events.slice(cut)) applyEvent(after, event);

        expect(stateDigest(after)).toBe(stateDigest(state));
        expect(after).toEqual(state);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it("says which message of which ledger it is of", () => {
    const { sequence, message } = decodeSnapshot(encodeSnapshot(PLACE, serializeState(emptyState())));

    expect({ sequence, message }).toEqual(PLACE);
  });

  const text = serializeState(runThat({}, ...completedGroup(0, [0, 1])));
  const whole = encodeSnapshot(PLACE, text).toString();
  it.each([
    ["cut off", whole.slice(0, -1), "the snapshot is damaged: its digest does not match"],
    [
      "changed",
      whole.replace('"accepted":2', '"accepted":3'),
      "the snapshot is damaged: its digest does not match",
    ],
    ["of another fold", whole.replace(foldVersion(), "0".repeat(64)), "another version of the fold"],
    ["no snapshot", "{}\n{}", "the snapshot is damaged: it does not say what it is"],
    ["empty", "", "the snapshot is damaged: it does not say what it is"],
  ])("that is %s is refused in one sentence", (_, bytes, sentence) => {
    expect(() => decodeSnapshot(Buffer.from(bytes))).toThrow(sentence);
  });
});

describe("the digest of a state", () => {
  it("does not depend on the order in which its fields were written, but on the order of its tasks", () => {
    const state = runThat({}, ...completedGroup(0, [0, 1]), ...completedGroup(1, [0, 1]));
    const fieldsTurned = Object.fromEntries(Object.entries(state).reverse()) as typeof state;
    const tasksTurned = { ...state, tasks: new Map([...state.tasks].reverse()) };

    expect(stateDigest(fieldsTurned)).toBe(stateDigest(state));
    expect(stateDigest(tasksTurned)).not.toBe(stateDigest(state));
    expect(parseState(serializeState(state))).toEqual(state);
  });
});
