import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pause } from "../../core/index.ts";
import { stepTrace, taskTrace } from "../../telemetry/index.ts";
import { fleet, processesWith, startFleet } from "../support/fleet-command.ts";
import { openOtlpReceiver, type ReceivedSpan } from "../support/otlp-receiver.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

const STEPS = 5;
const GROUP = 4;
const PROMPTS = 2;
/** So slow that a worker holds a task at almost any moment. */
const SLOW_REWARD =
  "export default async ({ reply }) => (await new Promise((done) => setTimeout(done, 400)), (reply.length % 8) / 8);\n";
const MOST_KILLS = 4;
/** A lease outlives its worker by two seconds here. */
const LOOKS = 16;
const PHASES = ["collect", "decode", "prefill", "queued", "reward"];

describe("the traces of a run", () => {
  it("go from the prompt to the policy that came of it, over a worker's death, with every link", async () => {
    await using folder = await openTemporaryFolder();
    await using receiver = await openOtlpReceiver();
    const runs = folder.file("runs");
    await writeTinyInputs(folder.file("."));
    await writeFile(folder.file("reward.ts"), SLOW_REWARD);
    const file = await writeTinyRun(folder.file("."), "tiny", {
      steps: STEPS,
      local: { workers: [{ device: "cpu", slots: 4, count: 2 }], updater: { device: "cpu" } },
    });

    const command = startFleet("train", file, "--otlp", receiver.url, "--runs", runs, "--run", "r1");
    await command.printed(/step 1\//);
    await killWorker(runs, "worker-0");
    const { code, stderr } = await command.result;
    expect(stderr).not.toMatch(/error/i);
    expect(code).toBe(0);

    const { spans } = receiver;
    const ids = new Map(spans.map((span) => [span.spanId, span]));
    const named = (name: string) => spans.filter((span) => span.name === name);
    for (const step of Array.from({ length: STEPS }, (_, i) => i + 1)) {
      expectWholeStep(spans, step);
      const [batch] = named("batch").filter(({ attributes }) => attributes["fleet.step"] === step);
      for (const link of batch?.links ?? []) expectWholeSample(spans, ids, ids.get(link), step);
    }
    expectSecondAttempt(spans, ids);
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(["fleet-coordinator", "fleet-worker", "fleet-updater"]),
    );
    expect(JSON.stringify(spans)).not.toContain("is wrong"); // The text.

    const task = taskOf(spans, ids.get(named("batch")[0]?.links[0] ?? ""));
    const shown = await fleet("trace", task, "--runs", runs, "--run", "r1");
    expect(shown.stdout).toMatch(new RegExp(`^task ${task} .*trained 4`));
    for (const name of ["queue", "lease", "sample 0", "prefill", "decode", "reward", "batch-wait", "train"])
      expect(shown.stdout).toMatch(new RegExp(`^ +${name} .*█`, "m"));
    const asJson = JSON.parse((await fleet("trace", task, "--json", "--runs", runs, "--run", "r1")).stdout);
    const own = spans.filter(
      ({ traceId, service }) =>
        traceId === ids.get(asJson[0].address.spanId)?.traceId && service === "fleet-coordinator",
    );
    for (const { spanId, startMs, endMs } of own)
      expect(asJson).toContainEqual(
        expect.objectContaining({ address: expect.objectContaining({ spanId }), startMs, endMs }),
      );
  }, 240_000);

  it("says why a task's trace cannot be shown", async () => {
    await using folder = await openTemporaryFolder();
    await writeTinyInputs(folder.file("."));
    const runs = folder.file("runs");
    const file = await writeTinyRun(folder.file("."), "tiny", { steps: 1 });
    await fleet("train", file, "--runs", runs, "--run", "r1");

    const { code, stderr } = await fleet("trace", "t999", "--runs", runs, "--run", "r1");

    expect(stderr).toMatch(/^fleet: task t999 of run r1 cannot be shown: its archive does not name it/);
    expect(code).toBe(2);
  }, 120_000);
});

/** Ends the worker as a lost machine does, again where it happened to hold no task. */
async function killWorker(runs: string, name: string): Promise<void> {
  const log = join(runs, "r1", "logs", "coordinator.log");
  const wasSeen = async () => (await readFile(log, "utf8")).includes('"death":"silence"');
  for (let time = 0; time < MOST_KILLS && !(await wasSeen()); time++) {
    for (const { pid, command } of await processesWith(`--name ${name}`)) {
      if (command.includes(runs)) process.kill(pid, "SIGKILL");
    }
    for (let look = 0; look < LOOKS && !(await wasSeen()); look++) await pause(250);
  }
}

function expectWholeStep(spans: readonly ReceivedSpan[], step: number): void {
  const { id, root } = stepTrace("r1", step);
  const own = spans.filter(({ traceId }) => traceId === id);
  const [batch] = own.filter(({ name }) => name === "batch");
  const [made] = own.filter(({ name }) => name === "optimizer-step");

  expect(batch).toMatchObject({ spanId: root.spanId, parentId: "", service: "fleet-coordinator" });
  expect(batch?.links).toHaveLength(PROMPTS * GROUP);
  expect(made?.service).toBe("fleet-updater");
  expect(made?.links.toSorted()).toEqual(batch?.links.toSorted());
  expect(made?.attributes["fleet.step.gradient_norm"]).toBeGreaterThan(0);
  const others = own.filter(({ name }) => name !== "batch");
  const names = new Set(others.map(({ name }) => name));
  expect(new Set(others.map(({ parentId }) => parentId))).toEqual(new Set([root.spanId]));
  // Nobody needs the last policy any more.
  const wanted = [
    "optimizer-step",
    "save",
    "publish",
    ...(step < STEPS ? ["download", "load", "activate"] : []),
  ];
  expect([...names]).toEqual(expect.arrayContaining(wanted));
}

function expectWholeSample(
  spans: readonly ReceivedSpan[],
  ids: ReadonlyMap<string, ReceivedSpan>,
  sample: ReceivedSpan | undefined,
  step: number,
): void {
  const lease = ids.get(sample?.parentId ?? "");
  const root = ids.get(lease?.parentId ?? "");
  const beside = spans.filter(({ parentId }) => parentId === root?.spanId);
  const within = spans.filter(({ parentId }) => parentId === sample?.spanId);

  expect(sample).toMatchObject({ name: "sample", service: "fleet-worker" });
  expect(lease).toMatchObject({ name: "lease", service: "fleet-coordinator", error: null });
  expect(lease?.attributes["fleet.worker"]).toBe(sample?.instance);
  expect(root).toMatchObject({ name: "task", parentId: "", error: null });
  expect(root?.spanId).toBe(taskTrace("r1", String(root?.attributes["fleet.task"])).root.spanId);
  expect(new Set(beside.map(({ name }) => name))).toEqual(new Set(["queue", "lease", "batch-wait", "train"]));
  expect(beside.find(({ name }) => name === "train")?.links).toEqual([stepTrace("r1", step).root.spanId]);
  expect(new Set(within.map(({ name }) => name))).toEqual(new Set(PHASES));
  const tokens = within
    .filter(({ name }) => name === "decode")
    .map(({ attributes }) => Number(attributes["fleet.tokens"]));
  expect(tokens.reduce((sum, count) => sum + count, 0)).toBe(
    sample?.attributes["gen_ai.usage.output_tokens"],
  );
  for (const span of within) {
    expect(span.startMs).toBeGreaterThanOrEqual((sample?.startMs ?? 0) - 1);
    expect(span.endMs).toBeLessThanOrEqual((sample?.endMs ?? 0) + 1);
  }
}

/** What the killed worker had begun was made by another one: in the same trace, linked to the attempt before it. */
function expectSecondAttempt(spans: readonly ReceivedSpan[], ids: ReadonlyMap<string, ReceivedSpan>): void {
  const [second] = spans.filter(({ name, links }) => name === "lease" && links.length > 0);
  const lost = ids.get(second?.links[0] ?? "");

  expect(lost).toMatchObject({ name: "lease", traceId: second?.traceId });
  expect(lost?.attributes["fleet.worker"]).toBe("worker-0");
  expect(lost?.error).toMatch(/^worker worker-0 was silent/);
  const again = spans.filter(({ name, parentId }) => name === "sample" && parentId === second?.spanId);
  expect(again.length).toBeGreaterThan(0);
  for (const { attributes, links } of again) {
    expect(attributes["fleet.attempt"]).toBe(2);
    expect(links).toHaveLength(1);
  }
}

function taskOf(spans: readonly ReceivedSpan[], sample: ReceivedSpan | undefined): string {
  const root = spans.find(({ name, traceId }) => name === "task" && traceId === sample?.traceId);
  return String(root?.attributes["fleet.task"]);
}
