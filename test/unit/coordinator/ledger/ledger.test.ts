import { describe, expect, it } from "vitest";
import { type Decision, FencedError, openLedger } from "../../../../coordinator/index.ts";
import { DeadlineError, systemClock } from "../../../../core/index.ts";
import { type LedgerLog, WrongLastSequenceError } from "../../../../transport/index.ts";
import { issued, SETTINGS } from "../../../support/ledger-history.ts";

const START: Decision = { type: "run_started", schema: 1, run: "r", base: "b", settings: SETTINGS };

describe("the ledger", () => {
  it("changes its state at once, and writes what is decided meanwhile in one message after the one in flight", async () => {
    const log = memoryLog();
    const ledger = await openLedger(log, systemClock);

    const first = ledger.decide(START);
    await Promise.resolve();
    const others = [ledger.decide(issued(0)), ledger.decide(issued(1)), ledger.settled()];

    expect(ledger.state.taskCount).toBe(2);
    await Promise.all([first, ...others]);
    expect(log.types()).toEqual([["run_started"], ["issued", "issued"]]);
  });

  it("is replayed to the state it had", async () => {
    const log = memoryLog();
    const before = await openLedger(log, systemClock);
    await before.decide(START, issued(0), issued(1));

    const after = await openLedger(log, systemClock);

    expect(after.state).toEqual(before.state);
  });

  it("writes once where the answer to an append was lost, whether it arrived or not", async () => {
    const log = memoryLog(["arrives, answer lost", "lost"]);
    const ledger = await openLedger(log, systemClock);

    await ledger.decide(START);
    await ledger.decide(issued(0));

    expect(log.types()).toEqual([["run_started"], ["issued"]]);
  });

  it("fails as fenced when somebody else has written", async () => {
    const log = memoryLog();
    const ledger = await openLedger(log, systemClock);
    const other = await openLedger(log, systemClock);
    await other.decide(START, issued(0));

    const deciding = ledger.decide(START);

    await expect(deciding).rejects.toThrow(FencedError);
    await expect(ledger.failed).rejects.toThrow(
      "another coordinator writes this run's ledger; this one ends",
    );
  });

  it("fails when a decision cannot follow, since its state is then ahead of what is written", async () => {
    const ledger = await openLedger(memoryLog(), systemClock);
    await ledger.decide(START);

    expect(() => ledger.decide(issued(0), issued(0))).toThrow("task t0 is issued a second time");
    await expect(ledger.failed).rejects.toMatchObject({ code: "coordinator.illegal_transition" });
  });

  it("splits what has gathered into messages that the server takes", async () => {
    const log = memoryLog();
    const ledger = await openLedger(log, systemClock);

    await ledger.decide(START, ...Array.from({ length: 10_000 }, (_, i) => issued(i)));

    expect(Math.max(...log.messages.map((message) => message.byteLength))).toBeLessThan(600 * 1024);
    expect(log.messages.length).toBeGreaterThan(1);
    expect((await openLedger(log, systemClock)).state).toEqual(ledger.state);
  });

  it("that is not a list of events is named by its message", async () => {
    const log = memoryLog();
    await log.append(Buffer.from("{"), 0);

    await expect(openLedger(log, systemClock)).rejects.toThrow(
      "message 1 of the ledger is not a list of events",
    );
  });
});

/** A ledger in memory whose first appends may go wrong. */
function memoryLog(troubles: ("arrives, answer lost" | "lost")[] = []) {
  const messages: Uint8Array[] = [];
  const log: LedgerLog = {
    lastSequence: async () => messages.length,
    append: async (data, expectedLast) => {
      const trouble = troubles.shift();
      if (trouble === "lost") throw new DeadlineError("waited for an append");
      if (expectedLast !== messages.length) throw new WrongLastSequenceError("another message came between");
      messages.push(data);
      if (trouble !== undefined) throw new DeadlineError("waited for an append");
      return messages.length;
    },
    read: async function* (from) {
      for (const [i, data] of [...messages].entries()) {
        if (i + 1 >= from) yield { sequence: i + 1, data };
      }
    },
  };
  const types = () =>
    messages.map((data) =>
      (JSON.parse(Buffer.from(data).toString()) as { type: string }[]).map(({ type }) => type),
    );
  return { ...log, messages, types };
}
