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
    const step = await traceWith(collector, "fleet-coordinator", "batch", OF_A_STEP);
    const batch = step.find(({ name }) => name === "batch");
    expect(batch?.references.length).toBeGreaterThan(0);
    const task = await taskWith(collector, batch?.references ?? []);
    const ids = new Set(task.map(({ spanId }) => spanId));
    const roots = task.filter(({ references }) => !ids.has(references[0] ?? ""));
    expect(roots.map(({ name }) => name)).toEqual(["task"]);

    const metrics = await collector.metrics();
    expect(metrics).toMatch(/^fleet_steps_total\{.*outcome="trained".*\} 3$/m);
    expect(metrics).toMatch(/^fleet_worker_samples_total\{.*outcome="accepted".*\} \d+$/m);
  }, 120_000);
});

/** The first trace with a span of this name that has come whole. */
async function traceWith(
  collector: Jaeger,
  service: string,
  span: string,
  names: readonly string[],
): Promise<ShownSpan[]> {
  let whole: ShownSpan[] = [];
  const look = async () => {
    const traces = await Promise.all((await collector.find(service, span)).map(collector.trace));
    whole = traces.find((spans) => names.every((name) => spans.some((one) => one.name === name))) ?? [];
    return whole.length;
  };
  await expect.poll(look, { message: `a trace with ${names}`, timeout: SHOWN_MS }).toBeGreaterThan(0);
  return whole;
}

/** A task's trace, whole, whose samples a batch is linked to. */
async function taskWith(collector: Jaeger, linked: readonly string[]): Promise<ShownSpan[]> {
  const spans = await traceWith(collector, "fleet-coordinator", "task", OF_A_TASK);
  const samples = spans.filter(({ name }) => name === "sample").map(({ spanId }) => spanId);
  expect(samples.length).toBeGreaterThan(0);
  return linked.length === 0 ? [] : spans;
}
