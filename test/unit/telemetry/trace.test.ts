import { describe, expect, it } from "vitest";
import {
  isSampled,
  readTraceparent,
  sampleSpan,
  stepTrace,
  taskTrace,
  traceOf,
  traceparentOf,
} from "../../../telemetry/index.ts";

describe("a trace", () => {
  it("has ids that follow from what it is about, as docs/telemetry.md gives them to other trainers", () => {
    const trace = taskTrace("r1", "t17");

    expect(trace.id).toBe("bb199121857b3d38a65827df03133ef6");
    expect(sampleSpan(trace, 0, 1).spanId).toBe("9e98c65ac7d98b9e");
  });

  it("has spans that whoever knows its id alone can name", () => {
    const trace = taskTrace("r1", "t17");

    expect(sampleSpan(traceOf(trace.id), 3, 2)).toEqual(sampleSpan(trace, 3, 2));
  });

  it("is another one for another run, task, step or span", () => {
    const ids = [taskTrace("r1", "t1"), taskTrace("r2", "t1"), taskTrace("r1", "t2"), stepTrace("r1", 1)].map(
      ({ id }) => id,
    );
    const trace = taskTrace("r1", "t1");
    const spans = [trace.root, sampleSpan(trace, 0, 1), sampleSpan(trace, 0, 2), sampleSpan(trace, 1, 1)].map(
      ({ spanId }) => spanId,
    );

    expect(new Set(ids).size).toBe(4);
    expect(new Set(spans).size).toBe(4);
  });

  it("is kept for the share of tasks that is asked for, and for all or none of them", () => {
    const ids = Array.from({ length: 4_000 }, (_, i) => taskTrace("r1", `t${i}`).id);
    const kept = (share: number) => ids.filter((id) => isSampled(id, share)).length;

    expect([kept(0), kept(1)]).toEqual([0, ids.length]);
    expect(kept(0.25)).toBeGreaterThan(900);
    expect(kept(0.25)).toBeLessThan(1_100);
  });

  it("travels as a traceparent, and anything else is none", () => {
    const { root } = taskTrace("r1", "t1");

    expect(readTraceparent(traceparentOf(root, true))).toEqual({ ...root, sampled: true });
    expect(readTraceparent(traceparentOf(root, false))).toEqual({ ...root, sampled: false });
    for (const other of ["", "00-aa-bb-01", `00-${root.traceId}`]) expect(readTraceparent(other)).toBeNull();
  });
});
