import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { RolloutView, Summary } from "../../coordinator/index.ts";
import { makeDemoData } from "../support/demo-data.ts";
import { fleet } from "../support/fleet-command.ts";
import { serveRewarder } from "../support/serve-rewarder.ts";

const DEMO = resolve("examples/demo");
const MINUTES_MS = 60_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-composed-"));
  await makeDemoData(join(folder, "data"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A step of the demo, small, with the reward that is given. */
async function writeRun(components: readonly object[]): Promise<string> {
  const run = parse(await readFile(join(DEMO, "run.yaml"), "utf8"));
  const changed = {
    ...run,
    steps: 1,
    model: { ...run.model, gguf: join(DEMO, run.model.gguf) },
    dataset: { train: [join(folder, "data", "train.jsonl")], prompt: join(DEMO, run.dataset.prompt) },
    batch: { prompts: 2, group: 4 },
    eval: {},
    reward: { components },
  };
  await writeFile(join(folder, "run.yaml"), stringify(changed));
  return join(folder, "run.yaml");
}

it(
  "a run trains on the sum of the paper's reward, a module and a service, and its records keep each",
  async () => {
    let asked = 0;
    await using judge = await serveRewarder((call, answer) => {
      asked++;
      answer(null, { reward: call.request.component === "judge" ? 1 : 0, explanation: "well judged" });
    });
    await writeFile(join(folder, "brief.ts"), "export default ({ reply }) => (reply.length < 90 ? 1 : 0.5);");
    const path = await writeRun([
      { kind: "swe-rl", name: "repair", weight: 0.5 },
      { kind: "module", name: "brief", weight: 0.25, path: "./brief.ts" },
      { kind: "grpc", name: "judge", weight: 0.25, address: judge.address },
    ]);

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
