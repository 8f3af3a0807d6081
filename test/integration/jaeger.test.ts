import { describe, expect, it } from "vitest";
import { startFleet } from "../support/fleet-command.ts";
import { findJaeger, type Jaeger, openJaeger, type ShownSpan } from "../support/jaeger.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

const jaeger = findJaeger();
const STEPS = 3;
const SHOWN_MS = 20_000;
const SERVICES = ["fleet-coordinator", "fleet-updater", "fleet-worker"];
const OF_A_TASK = [
  "batch-wait",
  "collect",
  "decode",
  "lease",
  "prefill",
  "queue",
  "queued",
  "reward",
  "sample",
  "task",
];
const OF_A_STEP = ["batch", "optimizer-step", "publish", "save"];

describe.skipIf(jaeger === null)("a Jaeger", () => {
  it("accepts a run's traces and metrics, and shows a prompt's way to its step", async () => {
    if (jaeger === null) return;
    await using folder = await openTemporaryFolder();
    await using collector = await openJaeger(jaeger, folder.file("."));
    await writeTinyInputs(folder.file("."));
    const file = await writeTinyRun(folder.file("."), "tiny", { steps: STEPS });
    const runs = folder.file("runs");
    const { code, stderr } = await startFleet("train", file, "--otlp", collector.otlp, "--runs", runs).result;
    expect(code, stderr).toBe(0);

    await expect
      .poll(() => collector.services(), { timeout: SHOWN_MS })
      .toEqual(expect.arrayContaining(SERVICES));
    await wholeTraces(collector, "batch", OF_A_STEP, 1);
    const tasks = await wholeTraces(collector, "task", OF_A_TASK, 1);
    const steps = await wholeTraces(collector, "batch", ["batch"], STEPS);
    const batched = steps.flat().flatMap(({ name, references }) => (name === "batch" ? references : []));
    const task =
      tasks.find((spans) =>
        spans.some(({ name, spanId }) => name === "sample" && batched.includes(spanId)),
      ) ?? [];
    const ids = new Set(task.map(({ spanId }) => spanId));
    const roots = task.filter(({ references }) => !ids.has(references[0] ?? ""));
    expect(roots.map(({ name }) => name)).toEqual(["task"]);

    const metrics = await collector.metrics();
    expect(metrics).toMatch(/^fleet_steps_total\{.*outcome="trained".*\} 3$/m);
    expect(metrics).toMatch(/^fleet_worker_samples_total\{.*outcome="accepted".*\} \d+$/m);
  }, 120_000);
});

/** Traces of which one span has this name, once there are `least` that have come with all these. */
async function wholeTraces(
  collector: Jaeger,
  span: string,
  names: readonly string[],
  least: number,
): Promise<ShownSpan[][]> {
  let whole: ShownSpan[][] = [];
  const look = async () => {
    const traces = await Promise.all((await collector.find("fleet-coordinator", span)).map(collector.trace));
    whole = traces.filter((spans) => names.every((name) => spans.some((one) => one.name === name)));
    return whole.length;
  };
  await expect
    .poll(look, { message: `traces with ${names}`, timeout: SHOWN_MS })
    .toBeGreaterThanOrEqual(least);
  return whole;
}
