import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Summary } from "../../coordinator/index.ts";
import { makeDemoData } from "../support/demo-data.ts";
import { fleet, processesWith, startFleet } from "../support/fleet-command.ts";

const RUN = "examples/demo/run.yaml";
const STEPS = 4;
const MINUTES_MS = 60_000;

describe("the demo, four steps of it", () => {
  let runs: string;
  beforeAll(async () => {
    runs = await mkdtemp(join(tmpdir(), "fleet-demo-"));
    await makeDemoData("examples/demo/data");
  });
  afterAll(() => rm(runs, { recursive: true, force: true }));

  it(
    "loses nothing when a worker is killed in the middle",
    async () => {
      const command = startFleet(
        "train",
        RUN,
        "--steps",
        String(STEPS),
        "--runs",
        runs,
        "--run",
        "killed",
        "--json",
      );
      await command.printed(/step [1-9]\d*\//);
      const [victim] = await processesWith(join(runs, "killed", "run.yaml --name worker-0"));
      process.kill(victim?.pid ?? 0, "SIGKILL");

      const { code, stdout, stderr } = await command.result;

      expect(stderr).toMatch(/worker-0 died \(signal SIGKILL\) and is started again/);
      expect(code, stderr).toBe(0);
      const summary = JSON.parse(stdout) as Summary;
      expect(summary.steps.map((step) => step.step)).toEqual([1, 2, 3, 4]);
      expect(summary.versions.map((policy) => policy.version)).toEqual([0, 1, 2, 3, 4]);
      expectBalanced(summary);
      expect(summary.heldOut.before.map((scores) => scores.temperature)).toEqual([0, 1]);
      expect(summary.heldOut.change).toHaveLength(2);
      await expectNothingLeft(join(runs, "killed"));
    },
    10 * MINUTES_MS,
  );

  it("shows its rollouts and books afterwards", async () => {
    const rollouts = await fleet(
      "rollouts",
      "--runs",
      runs,
      "--step",
      "2",
      "--lane",
      "train",
      "--sort",
      "reward",
      "--json",
    );
    const ledger = await fleet("ledger", "--runs", runs);

    const rewards = (JSON.parse(rollouts.stdout) as { reward: number; step: number }[]).map(
      ({ reward }) => reward,
    );
    expect(rewards.length).toBeGreaterThan(0);
    expect(rewards).toEqual(rewards.toSorted((a, b) => b - a));
    expect(ledger.stdout).toMatch(/^samples +train +eval\n/);
    expect(ledger.stdout).toMatch(/\nthe books balance\n/);
  });

  it(
    "stops in order on Ctrl-C and goes on where it was with --resume",
    async () => {
      const command = startFleet("train", RUN, "--steps", "3", "--runs", runs, "--run", "stopped");
      await command.printed(/step [1-9]\d*\//);
      command.process.kill("SIGTERM");
      const stopped = await command.result;

      expect(stopped.code, stopped.stderr).toBe(0);
      expect(stopped.stderr).toMatch(/"fleet train --resume --run stopped" goes on/);
      await expectNothingLeft(join(runs, "stopped"));

      const resumed = await fleet("train", "--resume", "--runs", runs, "--run", "stopped", "--json");

      expect(resumed.code, resumed.stderr).toBe(0);
      const summary = JSON.parse(resumed.stdout) as Summary;
      expect(summary.steps.map((step) => step.step)).toEqual([1, 2, 3]);
      expectBalanced(summary);
      await expectNothingLeft(join(runs, "stopped"));
    },
    10 * MINUTES_MS,
  );

  it("refuses a run id that exists, in one sentence", async () => {
    const { code, stderr } = await fleet("train", RUN, "--runs", runs, "--run", "killed");

    expect(code).toBe(2);
    expect(stderr).toMatch(/^fleet: the run killed exists in .*: give --resume to continue it/);
  });
});

function expectBalanced(summary: Summary): void {
  expect(summary.ledger.map((lane) => lane.lane)).toEqual(["train", "eval"]);
  for (const lane of summary.ledger) {
    expect(lane.outstanding).toBe(0);
    expect(lane.waiting).toBe(0);
    expect(lane.issued).toBe(lane.accepted + lane.rejected + lane.expired);
    expect(lane.accepted).toBe(lane.trained + lane.skipped + lane.evaluated);
  }
}

/** No process, port or temporary file of the run is there any more. */
async function expectNothingLeft(folder: string): Promise<void> {
  expect(await processesWith(folder)).toEqual([]);
  const endpoints = JSON.parse(await readFile(join(folder, "endpoints.json"), "utf8")) as Record<
    string,
    { port: number }
  >;
  for (const { port } of Object.values(endpoints)) await expectFree(port);
  const files = await readdir(folder, { recursive: true });
  expect(files.filter((file) => /\.(tmp|lock|pid)$/.test(file))).toEqual([]);
}

async function expectFree(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
