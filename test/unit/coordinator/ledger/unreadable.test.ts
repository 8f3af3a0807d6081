import { describe, expect, it } from "vitest";
import { type LedgerEvent, openLedger } from "../../../../coordinator/index.ts";
import { systemClock } from "../../../../core/index.ts";
import { SETTINGS } from "../../../support/ledger-history.ts";

const START = { type: "run_started", schema: 1, run: "r", base: "b", settings: SETTINGS, at: 1 };

describe("a ledger that cannot be read is refused in one sentence, where it", () => {
  it.each([
    ["is no JSON", "{", "message 1 of the ledger is not a list of events"],
    ["is no list", "{}", "message 1 of the ledger is not a list of events"],
    ["is a list of something else", "[null]", "message 1 of the ledger is not a list of events"],
    ["has an event without a time", '[{"type":"paused"}]', "message 1 of the ledger is not a list of events"],
    [
      "has an event of a newer version",
      [START, { type: "teleported", at: 2 }],
      'the ledger has an event "teleported", which is unknown here: go on with the version that wrote it',
    ],
    [
      "has an event that is named like something every object has",
      [START, { type: "constructor", at: 2 }],
      'the ledger has an event "constructor", which is unknown here: go on with the version that wrote it',
    ],
    [
      "was written with a newer schema",
      [{ ...START, schema: 2 }],
      "the ledger has schema 2, and up to 1 can be read here: go on with the version that wrote it",
    ],
    [
      "was taken over by a newer version",
      [START, { type: "opened", epoch: 1, schema: 2, at: 2 }],
      "the ledger has schema 2, and up to 1 can be read here: go on with the version that wrote it",
    ],
    [
      "has an event that lacks what its type has",
      [START, { type: "batched", step: 1, at: 2 }],
      'an event "batched" of the ledger is damaged: event.groups is not iterable',
    ],
    [
      "lacks its beginning",
      [{ type: "paused", at: 2 }],
      'the ledger begins with "paused": what came before it is missing',
    ],
  ])("%s", async (_, message, sentence) => {
    const text = typeof message === "string" ? message : JSON.stringify(message as LedgerEvent[]);

    const opening = openLedger(logOf(text), systemClock);

    await expect(opening).rejects.toMatchObject({ message: sentence, disposition: "fatal" });
  });
});

function logOf(text: string): Parameters<typeof openLedger>[0] {
  return {
    lastSequence: () => Promise.resolve(1),
    read: async function* () {
      yield { sequence: 1, data: Buffer.from(text) };
    },
    append: () => Promise.reject(new Error("nothing is to be written")),
  };
}
