import { describe, expect, it } from "vitest";
import { type FinishedSpan, taskTrace } from "../../../telemetry/index.ts";
import { createHeldSpans } from "../../../workers/held-spans.ts";

function span(name: number): FinishedSpan {
  const address = taskTrace("r", "t").span(name);
  return { name: "sample", address, parent: null, startMs: name, endMs: name, attributes: {} };
}

function heldSpans(most?: number) {
  const sent: number[] = [];
  const end = (...spans: readonly FinishedSpan[]) => void sent.push(...spans.map(({ startMs }) => startMs));
  return { sent, held: createHeldSpans({ end }, most) };
}

describe("a worker's held spans", () => {
  it("wait for the word to keep them, which goes for what comes later too", () => {
    const { sent, held } = heldSpans();

    held.add("l1", [span(1)]);
    held.add("l2", [span(2)]);
    expect(sent).toEqual([]);
    held.keep("l1");
    held.add("l1", [span(3)]);

    expect(sent).toEqual([1, 3]);
  });

  it("are forgotten when their lease is over and nobody asked for them", () => {
    const { sent, held } = heldSpans();

    held.add("l1", [span(1)]);
    held.end("l1");
    held.keep("l1");

    expect(sent).toEqual([]);
  });

  it("are bounded: those of the lease that has waited longest go first", () => {
    const { sent, held } = heldSpans(3);

    held.add("l1", [span(1), span(2)]);
    held.add("l2", [span(3), span(4)]);
    held.keep("l1");
    held.keep("l2");

    expect(sent).toEqual([3, 4]);
  });
});
