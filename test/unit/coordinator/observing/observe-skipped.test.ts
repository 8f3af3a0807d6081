import { describe, expect, it } from "vitest";
import type { LedgerState } from "../../../../coordinator/index.ts";
import { observeSkipped } from "../../../../coordinator/observing/observe-skipped.ts";
import type { Metrics } from "../../../../telemetry/index.ts";
import { batched, completedGroup, decide, runThat, trained } from "../../../support/ledger-history.ts";

/** What is told at this moment, by reason. */
function told(state: LedgerState): Record<string, number> {
  const values: Record<string, number> = {};
  const observe: Metrics["observe"] = (_, read) =>
    read((value, labels) => {
      values[Object.values(labels).join()] = value;
    });
  observeSkipped({ observe }, state);
  return values;
}

describe("what is told of samples that were not trained on", () => {
  it("is every reason from the start, each at 0", () => {
    expect(told(runThat({}))).toEqual({
      "no-signal": 0,
      stale: 0,
      short: 0,
      "run-over": 0,
      "step-skipped": 0,
      rewound: 0,
    });
  });

  it("has samples that were skipped alone, and those that were with their batch", () => {
    const state = runThat({ prompts: 1 }, ...[0, 1, 2, 3].flatMap((task) => completedGroup(task, [1, 0])));

    decide(state, batched(1, ["t0"]), trained(1));
    decide(state, { type: "skipped", task: "t1", samples: [0, 1], reason: "stale" });
    decide(state, batched(2, ["t2"]), { type: "step_skipped", step: 2, epoch: 1, reason: "not finite" });
    decide(state, batched(3, ["t3"]), { type: "rewound", version: 3, source: 1 });

    expect(told(state)).toMatchObject({ stale: 2, "step-skipped": 2, rewound: 2, "no-signal": 0 });
  });
});
