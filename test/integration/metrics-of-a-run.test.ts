import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startFleet } from "../support/fleet-command.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

const NAMES = ["coordinator", "updater", "worker-0"];

describe("the metrics of a run, and fleet top", () => {
  it("come from every process, on the ports that endpoints.json names, and its probes say that it is ready", async () => {
    await using folder = await openTemporaryFolder();
    const runs = folder.file("runs");
    await writeTinyInputs(folder.file("."));
    const file = await writeTinyRun(folder.file("."), "tiny", { steps: 400 });
    const command = startFleet("train", file, "--metrics", "--runs", runs, "--run", "r1");
    try {
      await command.printed(/step [1-9]\d*\//);

      const { metrics } = JSON.parse(await readFile(join(runs, "r1", "endpoints.json"), "utf8"));
      const ask = (name: string, path: string) => fetch(`http://127.0.0.1:${metrics[name]}${path}`);
      expect(Object.keys(metrics).sort()).toEqual(NAMES);
      await expect.poll(async () => (await ask("worker-0", "/readyz")).text()).toBe("ok\n");
      for (const name of NAMES) {
        const answers = await Promise.all(["/startupz", "/readyz", "/livez"].map((path) => ask(name, path)));
        expect(answers.map(({ status }) => `${name} ${status}`)).toEqual(Array(3).fill(`${name} 200`));
      }
      const [coordinator = "", updater = "", worker = ""] = await Promise.all(
        NAMES.map(async (name) => (await ask(name, "/metrics")).text()),
      );
      expect(seriesIn(coordinator, 'fleet_rollouts_accepted_total{lane="train"')).toBeGreaterThanOrEqual(8);
      expect(seriesIn(coordinator, 'fleet_rollout_staleness_count{fleet_run="r1"')).toBeGreaterThanOrEqual(8);
      expect(seriesIn(coordinator, 'fleet_steps_total{outcome="trained"')).toBeGreaterThanOrEqual(1);
      expect(seriesIn(coordinator, 'fleet_step_gradient_norm{fleet_run="r1"')).toBeGreaterThan(0);
      expect(seriesIn(coordinator, 'fleet_ledger_imbalance{lane="train",equation="issued"')).toBe(0);
      expect(seriesIn(coordinator, 'fleet_ledger_imbalance{lane="train",equation="accepted"')).toBe(0);
      expect(seriesIn(coordinator, 'fleet_run_phase{phase="running"')).toBe(1);
      expect(seriesIn(coordinator, 'fleet_run_phase{phase="paused"')).toBe(0);
      expect(seriesIn(coordinator, 'fleet_samples_skipped_total{reason="stale"')).toBe(0);
      expect(seriesIn(coordinator, 'fleet_trainer_sessions{fleet_run="r1"')).toBe(1);
      expect(seriesIn(updater, 'fleet_updater_engine_deaths_total{fleet_run="r1"')).toBe(0);
      expect(seriesIn(updater, 'fleet_updater_seconds_total{phase="train"')).toBeGreaterThan(0);
      expect(seriesIn(updater, 'fleet_updater_steps_total{outcome="trained"')).toBeGreaterThanOrEqual(1);
      expect(seriesIn(worker, 'fleet_worker_samples_total{outcome="accepted"')).toBeGreaterThanOrEqual(8);
      expect(seriesIn(worker, 'fleet_worker_engine_deaths_total{fleet_run="r1"')).toBe(0);
      expect(seriesIn(worker, 'fleet_worker_slot_seconds_total{state="busy"')).toBeGreaterThan(0);
      expect(
        seriesIn(worker, 'fleet_worker_reward_component_count{component="length"'),
      ).toBeGreaterThanOrEqual(8);
      expect(seriesIn(worker, 'fleet_worker_cells{state="free"')).toBeGreaterThan(0);
      expect(seriesIn(coordinator, 'fleet_step_variant_ratio{variant="base"')).toBeCloseTo(1, 1);
      expect(seriesIn(worker, 'fleet_process_memory_bytes{kind="children"')).toBeGreaterThan(1e6);

      const top = startFleet("top", "--every", "1", "--runs", runs, "--run", "r1");
      await top.printed(/step \d+\/400 .*\n.*step \d+\/400 /);
      top.process.kill("SIGTERM");
      expect(await top.result).toMatchObject({ code: 0, stderr: "" });
    } finally {
      command.process.kill("SIGTERM");
      await command.result;
    }
  }, 120_000);
});

/** The value of the series that begins so. */
function seriesIn(text: string, series: string): number {
  const line = text.split("\n").find((candidate) => candidate.startsWith(series));
  return Number(line?.split(" ").at(-1));
}
