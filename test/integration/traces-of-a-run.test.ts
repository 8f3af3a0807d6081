import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pause } from "../../core/index.ts";
import { sampleSpan, stepTrace, taskTrace } from "../../telemetry/index.ts";
import { fleet, processesWith, startFleet } from "../support/fleet-command.ts";
import { openOtlpReceiver, type ReceivedSpan } from "../support/otlp-receiver.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
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

let folder: TemporaryFolder;
let runs: string;
let spans: readonly ReceivedSpan[];
let ids: ReadonlyMap<string, ReceivedSpan>;
const named = (name: string) => spans.filter((span) => span.name === name);

beforeAll(async () => {
  folder = await openTemporaryFolder();
  await using receiver = await openOtlpReceiver();
  runs = folder.file("runs");
  await writeTinyInputs(folder.file("."));
  await writeFile(folder.file("reward.ts"), SLOW_REWARD);
  const file = await writeTinyRun(folder.file("."), "tiny", {
    steps: STEPS,
    local: { workers: [{ device: "cpu", slots: 4, count: 2 }], updater: { device: "cpu" } },
  });
  const command = startFleet("train", file, "--otlp", receiver.url, "--runs", runs, "--run", "r1");
  await command.printed(/step [1-9]\d*\//);
  await killWorker(runs, "worker-0");
  const { code, stderr } = await command.result;
  expect(code, stderr).toBe(0);
  spans = receiver.spans;
  ids = new Map(spans.map((span) => [span.spanId, span]));
}, 240_000);
afterAll(() => folder[Symbol.asyncDispose]());

describe("the traces of a run, a worker of which died", () => {
  it("come from every process, of every step, and hold no text of a prompt", () => {
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(["fleet-coordinator", "fleet-worker", "fleet-updater"]),
    );
    expect(named("batch").map(({ attributes }) => attributes["fleet.step"])).toEqual([1, 2, 3, 4, 5]);
    expect(JSON.stringify(spans)).not.toContain("is wrong");
  });

  it("go from the prompt to the step, whole for every rollout of a batch", () => {
    for (const { links, attributes } of named("batch")) {
      expect(links.length).toBeGreaterThan(GROUP);
      for (const link of links) {
        const sample = ids.get(link);
        if (sample === undefined) expect(holdersOf(link)).toContain("worker-0");
        else expectWholeSample(sample, Number(attributes["fleet.step"]));
      }
    }
    expect(named("sample").length).toBeGreaterThanOrEqual((STEPS - 1) * PROMPTS * GROUP);
  });

  it("go on from the batch to the workers that sample under its policy", () => {
    const steps = named("batch").map(expectWholeStep);

    const names = ["download", "load", "activate"];
    const activated = steps.filter((step) => names.every((name) => step.has(name)));
    expect(activated.length).toBeGreaterThanOrEqual(2); // Nobody needs the last ones.
  });

  it("have what the dead worker had begun as another attempt, linked to the one before", () => {
    const [second] = named("lease").filter(({ links }) => links.length > 0);
    const lost = ids.get(second?.links[0] ?? "");

    expect(lost).toMatchObject({ name: "lease", traceId: second?.traceId });
    expect(lost?.attributes["fleet.worker"]).toBe("worker-0");
    expect(lost?.error).toMatch(/^worker worker-0 was silent/);
    const again = named("sample").filter(({ parentId }) => parentId === second?.spanId);
    expect(again.length).toBeGreaterThan(0);
    for (const { attributes, links } of again) {
      expect(attributes["fleet.attempt"]).toBe(2);
      expect(links).toHaveLength(1);
    }
  });

  it("are in the archive too: fleet trace shows one, with the times that were sent", async () => {
    const { links } = named("batch").at(-1) ?? { links: [] };
    const sample = links.map((link) => ids.get(link)).find((found) => found !== undefined);
    const root = named("task").find(({ traceId }) => traceId === sample?.traceId);
    const task = String(root?.attributes["fleet.task"]);

    const shown = await fleet("trace", task, "--runs", runs, "--run", "r1");
    const asJson = JSON.parse((await fleet("trace", task, "--json", "--runs", runs, "--run", "r1")).stdout);

    expect(shown.stdout).toMatch(new RegExp(`^task ${task} .*trained`));
    for (const name of ["queue", "lease", "sample 0", "prefill", "decode", "reward", "batch-wait", "train"])
      expect(shown.stdout).toMatch(new RegExp(`^ +${name} .*█`, "m"));
    const sent = spans.filter(
      ({ traceId, service }) => traceId === root?.traceId && service === "fleet-coordinator",
    );
    expect(sent.length).toBeGreaterThanOrEqual(5);
    for (const { spanId, startMs, endMs } of sent) {
      const address = expect.objectContaining({ spanId });
      expect(asJson).toContainEqual(expect.objectContaining({ address, startMs, endMs }));
    }
  });

  it("are refused by name where there is none", async () => {
    const { code, stderr } = await fleet("trace", "t999", "--runs", runs, "--run", "r1");

    expect(stderr).toMatch(/^fleet: task t999 of run r1 cannot be shown: its archive does not name it/);
    expect(code).toBe(2);
  });
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

/** @returns the names of a step's spans beside its batch */
function expectWholeStep(batch: ReceivedSpan): Set<string> {
  const { id, root } = stepTrace("r1", Number(batch.attributes["fleet.step"]));
  const others = spans.filter(({ traceId, name }) => traceId === id && name !== "batch");
  const [made] = others.filter(({ name }) => name === "optimizer-step");
  const names = new Set(others.map(({ name }) => name));

  expect(batch).toMatchObject({ spanId: root.spanId, parentId: "", service: "fleet-coordinator" });
  expect(made?.service).toBe("fleet-updater");
  expect(made?.links.toSorted()).toEqual(batch.links.toSorted());
  expect(made?.attributes["fleet.step.gradient_norm"]).toBeGreaterThan(0);
  expect(new Set(others.map(({ parentId }) => parentId))).toEqual(new Set([root.spanId]));
  expect([...names]).toEqual(expect.arrayContaining(["optimizer-step", "save", "publish"]));
  return names;
}

function expectWholeSample(sample: ReceivedSpan, step: number): void {
  const lease = ids.get(sample.parentId);
  const root = ids.get(lease?.parentId ?? "");
  const beside = spans.filter(({ parentId }) => parentId === root?.spanId);
  const within = spans.filter(({ parentId }) => parentId === sample.spanId);

  expect(sample).toMatchObject({ name: "sample", service: "fleet-worker" });
  expect(lease).toMatchObject({ name: "lease", service: "fleet-coordinator" });
  expect(lease?.attributes["fleet.worker"]).toBe(sample.instance);
  expect(root).toMatchObject({ name: "task", parentId: "" });
  expect(root?.spanId).toBe(taskTrace("r1", String(root?.attributes["fleet.task"])).root.spanId);
  expect(new Set(beside.map(({ name }) => name))).toEqual(new Set(["queue", "lease", "batch-wait", "train"]));
  expect(beside.find(({ name }) => name === "train")?.links).toEqual([stepTrace("r1", step).root.spanId]);
  expect(new Set(within.map(({ name }) => name))).toEqual(new Set(PHASES));
  const tokens = within
    .filter(({ name }) => name === "decode")
    .map((span) => span.attributes["fleet.tokens"]);
  const sampled = sample.attributes["gen_ai.usage.output_tokens"];
  expect(tokens.reduce<number>((sum, count) => sum + Number(count), 0)).toBe(sampled);
  for (const span of within) {
    expect(span.startMs).toBeGreaterThanOrEqual(sample.startMs - 1);
    expect(span.endMs).toBeLessThanOrEqual(sample.endMs + 1);
  }
}

/**
 * Who held the task of a sample whose span is missing: a worker that was killed in the second after its sample was
 * acknowledged took the span along.
 */
function holdersOf(sample: string): string[] {
  const task = named("task").find(({ attributes }) => {
    const trace = taskTrace("r1", String(attributes["fleet.task"]));
    const attempts = Array.from({ length: GROUP }, (_, i) =>
      [1, 2].map((at) => sampleSpan(trace, i, at).spanId),
    );
    return attempts.flat().includes(sample);
  });
  return named("lease")
    .filter(({ traceId }) => traceId === task?.traceId)
    .map(({ attributes }) => String(attributes["fleet.worker"]));
}
