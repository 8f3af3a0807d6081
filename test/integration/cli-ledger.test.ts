import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Verification } from "../../coordinator/index.ts";
import { fleet, processesWith, startFleet } from "../support/fleet-command.ts";
import { writeSmallDemo } from "../support/small-demo.ts";

const MINUTE_MS = 60_000;
const STEPS = 6;

let folder: string;
/** What a verification said while the run was running. */
let live: Verification;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-verified-"));
  const batch = { prompts: 2, group: 4, staleness: 1 };
  const path = await writeSmallDemo(folder, { steps: STEPS, batch });
  const command = startFleet("train", path, "--runs", folder, "--run", "tiny");
  await command.printed(/step 1\//);
  await of("pause");
  const [updater] = await processesWith(`updater --config ${join(folder, "tiny", "run.yaml")}`);
  process.kill(updater?.pid ?? 0, "SIGKILL");
  live = JSON.parse((await of("ledger", "--verify", "--json")).stdout) as Verification;
  await of("unpause");
  const { code, stderr } = await command.result;
  expect(stderr).toMatch(/updater died \(signal SIGKILL\) and is started again/);
  expect(code, stderr).toBe(0);
}, 4 * MINUTE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

function of(...args: readonly string[]) {
  return fleet(...args, "--runs", folder, "--run", "tiny");
}

describe("fleet ledger --verify", { timeout: MINUTE_MS }, () => {
  it("agrees with the coordinator of a running run", () => {
    expect(live).toMatchObject({ isLive: true, discrepancies: [] });
    expect(live.step).toBeLessThan(STEPS);
    expect(live.storedRollouts).toBeGreaterThan(0);
  });

  it("agrees with what a run has left, by a nats-server that is gone afterwards", async () => {
    const { code, stdout, stderr } = await of("ledger", "--verify");

    expect(stderr).toBe("");
    expect(stdout).toMatch(/^ledger {4}[\d,]+ events in [\d,]+ messages, at step 6; state [0-9a-f]{64}\n/);
    expect(stdout).toContain(`${STEPS} batches of whole groups`);
    expect(stdout).toContain("0 rollouts in ROLLOUTS that the archive does not have yet");
    expect(stdout).toMatch(/\nthe archive and the ledger agree\n$/);
    expect(code).toBe(0);
    expect(await processesWith(join(folder, "tiny", "nats"))).toEqual([]);
  });

  it("says what does not agree, and ends with exit code 1", async () => {
    const outcomes = join(folder, "tiny", "archive", "outcomes");
    const [file] = await readdir(outcomes);
    await rm(join(outcomes, file ?? ""));

    const { code, stdout } = await of("ledger", "--verify", "--json");

    const { discrepancies } = JSON.parse(stdout) as Verification;
    expect(discrepancies[0]).toBe(`outcomes/${file} is missing from the archive`);
    expect(discrepancies[1]).toMatch(/^the outcome of sample \d of task \w+ is missing from the archive$/);
    expect(code).toBe(1);
  });
});
