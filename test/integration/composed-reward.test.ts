import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RolloutView, Summary } from "../../coordinator/index.ts";
import { fleet } from "../support/fleet-command.ts";
import { serveRewarder } from "../support/serve-rewarder.ts";
import { writeSmallDemo } from "../support/small-demo.ts";

const MINUTES_MS = 60_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-composed-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it(
  "a run trains on the sum of the paper's reward, a module and a service, and its records keep each",
  async () => {
    let asked = 0;
    await using judge = await serveRewarder((call, answer) => {
      asked++;
      answer(null, { reward: call.request.component === "judge" ? 1 : 0, explanation: "well judged" });
    });
    await writeFile(join(folder, "brief.ts"), "export default ({ reply }) => (reply.length < 90 ? 1 : 0.5);");
    const components = [
      { kind: "swe-rl", name: "repair", weight: 0.5 },
      { kind: "module", name: "brief", weight: 0.25, path: "./brief.ts" },
      { kind: "grpc", name: "judge", weight: 0.25, address: judge.address },
    ];
    const path = await writeSmallDemo(folder, { steps: 1, reward: { components } });

    const trained = await fleet("train", path, "--runs", folder, "--run", "composed", "--json");
    const read = await fleet("rollouts", "--runs", folder, "--json");

    expect(trained.code, trained.stderr).toBe(0);
    const rollouts = JSON.parse(read.stdout) as RolloutView[];
    expect((JSON.parse(trained.stdout) as Summary).steps).toHaveLength(1);
    expect(asked).toBeGreaterThanOrEqual(rollouts.length);
    for (const { reward, components } of rollouts) {
      const [repair, brief] = components;
      expect(components).toMatchObject([
        { name: "repair", weight: 0.5 },
        { name: "brief", weight: 0.25 },
        { name: "judge", weight: 0.25, value: 1 },
      ]);
      expect(reward).toBeCloseTo((repair?.value ?? 0) / 2 + (brief?.value ?? 0) / 4 + 1 / 4, 6);
    }
  },
  3 * MINUTES_MS,
);
