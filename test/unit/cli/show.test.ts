import { describe, expect, it } from "vitest";
import { duration } from "../../../cli/show/duration.ts";
import { heldOutTable } from "../../../cli/show/held-out-table.ts";
import { balances, ledgerTable } from "../../../cli/show/ledger-table.ts";
import { change, decimal, percent, percentChange } from "../../../cli/show/numbers.ts";
import { progressLine } from "../../../cli/show/progress-line.ts";
import { sparkline } from "../../../cli/show/sparkline.ts";
import { table } from "../../../cli/show/table.ts";
import type { LaneBalance, StatusAnswer } from "../../../proto/index.ts";

describe("a sparkline", () => {
  it("goes from the lowest value to the highest", () => {
    expect(sparkline([-1, 0, 1, 0, -1])).toBe("▁▅█▅▁");
  });

  it("is level when all values are the same, and empty without one", () => {
    expect(sparkline([0.3, 0.3])).toBe("▄▄");
    expect(sparkline([])).toBe("");
  });
});

describe("a duration", () => {
  it.each([
    [-3, "0s"],
    [0.4, "0s"],
    [59.4, "59s"],
    [59.6, "1m 00s"],
    [185, "3m 05s"],
    [3599.6, "1h 00m"],
    [7_800, "2h 10m"],
  ])("of %d seconds reads %s", (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});

describe("numbers for a person", () => {
  it("have one minus sign and no negative zero", () => {
    expect([decimal(-1, 2), decimal(-0.001, 2), decimal(0.5, 1), decimal(-0, 0)]).toEqual([
      "−1.00",
      "0.00",
      "0.5",
      "0",
    ]);
    expect([change(0.25, 2), change(-0.25, 2), change(0.001, 2), change(-0.001, 2)]).toEqual([
      "+0.25",
      "−0.25",
      "0.00",
      "0.00",
    ]);
    expect([percent(0.125, 1), percentChange(-0.375, 1), percentChange(0.5, 0)]).toEqual([
      "12.5 %",
      "−37.5 %",
      "+50 %",
    ]);
  });
});

describe("a table", () => {
  it("puts numbers to the right, words to the left, and nothing behind the last column", () => {
    const rows = [
      ["one", 7, "−1.00", "x"],
      ["three", 1_000, "0.50", "longer"],
    ];

    expect(table(["name", "n", "value", "note"], rows).split("\n")).toEqual([
      "name      n  value  note",
      "one       7  −1.00  x",
      "three  1000   0.50  longer",
    ]);
  });

  it("is its header alone without rows", () => {
    expect(table(["a", "b"], [])).toBe("a  b");
  });
});

describe("the books", () => {
  const lane: LaneBalance = {
    lane: "train",
    issued: 10,
    accepted: 6,
    rejected: 1,
    expired: 2,
    outstanding: 1,
    trained: 3,
    skipped: 1,
    evaluated: 0,
    waiting: 2,
    duplicates: 4,
  };

  it("balance when every issued and every accepted sample is accounted for", () => {
    expect(balances(lane)).toBe(true);
    expect(balances({ ...lane, outstanding: 0 })).toBe(false);
    expect(balances({ ...lane, waiting: 3 })).toBe(false);
  });

  it("say in words that they do not balance", () => {
    expect(ledgerTable([lane])).toMatch(/^the books balance$/m);
    expect(ledgerTable([{ ...lane, trained: 9 }])).toMatch(/^THE BOOKS DO NOT BALANCE: train$/m);
  });
});

describe("the progress line", () => {
  const step = { step: 1, meanReward: -0.5, formatRate: 0.284, exactRate: 0.5, staleness: 0.96, seconds: 10 };
  const running: StatusAnswer = {
    run: "r",
    state: "running",
    step: 2,
    steps: 10,
    balances: [],
    workers: [],
    recent: [step, { ...step, step: 2, meanReward: 0.25 }],
    seconds: 20,
    waitingFor: "",
    reason: "",
    tokensPerSecond: 1234.4,
    waits: [],
    setAside: [],
    pools: [],
  };

  it("has step, reward with its course, well-formed and exact share, speed, staleness and time left", () => {
    expect(progressLine(running)).toBe(
      "step 2/10  reward 0.25 ▁█  well-formed 28 %  exact 50 %  1234 tok/s  stale 1.0  1m 20s left",
    );
  });

  it("has no reward before the first step, and says what is waited for", () => {
    const waiting = { ...running, step: 0, recent: [], tokensPerSecond: 0, waitingFor: "workers to join" };

    expect(progressLine(waiting)).toBe("step 0/10  0 tok/s  waiting for workers to join");
  });

  it("promises no end from the first step, whose time holds the first evaluation", () => {
    expect(progressLine({ ...running, step: 1, recent: [{ ...step, seconds: 50 }] })).not.toContain("left");
    expect(
      progressLine({
        ...running,
        recent: [
          { ...step, seconds: 50 },
          { ...step, step: 2 },
        ],
      }),
    ).toContain("1m 20s left");
  });

  it("names a state other than running, and then promises no end", () => {
    expect(progressLine({ ...running, state: "paused" })).toMatch(/ {2}stale 1\.0 {2}paused$/);
    expect(progressLine({ ...running, step: 10, state: "evaluating" })).not.toContain("left");
  });
});

describe("the held-out table", () => {
  const scores = { version: 0, temperature: 0, tasks: 2, reward: -0.5, formatRate: 0.5, exactRate: 0 };
  const flat = { mean: 0, low: 0, high: 0 };

  it("has a line for each measure, with the change and its interval", () => {
    const change = { temperature: 0, pairs: 2, reward: { mean: 1, low: 0.25, high: 1.5 }, formatRate: flat };
    const after = [{ ...scores, version: 3, reward: 0.5 }];

    const lines = heldOutTable({
      before: [scores],
      after,
      change: [{ ...change, exactRate: flat }],
      rounds: [],
    }).split("\n");

    expect(lines[0]).toMatch(/^held-out, 2 tasks +before +after +change +95 %$/);
    expect(lines[1]).toMatch(/^greedy reward +−0\.500 +0\.500 +\+1\.000 +\+0\.250 to \+1\.500$/);
    expect(lines).toHaveLength(4);
  });

  it("is empty where nothing was evaluated after training", () => {
    expect(heldOutTable({ before: [scores], after: [], change: [], rounds: [] })).toBe("");
  });
});
