import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArchive, type Verification } from "../../coordinator/index.ts";
import { type FleetClient, openFleetClient } from "../../transport/index.ts";
import { fleet, processesWith, startFleet } from "../support/fleet-command.ts";
import { writeSmallDemo } from "../support/small-demo.ts";

const MINUTE_MS = 60_000;
const ONE_WORKER = { workers: [{ device: "cpu" }], updater: { device: "cpu" } };
const STEPS = 5;

let folder: string;
/** What a verification said while the run was running. */
let live: Verification;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-verified-"));
  const batch = { prompts: 2, group: 4, staleness: 1 };
  const path = await writeSmallDemo(folder, { steps: STEPS, batch, local: ONE_WORKER });
  const command = startFleet("train", path, "--runs", folder, "--run", "tiny");
  await command.printed(/step [1-9]\d*\//);
  await using coordinator = await connect();
  await coordinator.pause();
  await coordinator.rollback({ version: 1, hasCheckpoint: true });
  const [updater] = await processesWith(`updater --config ${join(folder, "tiny", "run.yaml")}`);
  process.kill(updater?.pid ?? 0, "SIGKILL");
  live = JSON.parse((await of("ledger", "--verify", "--json")).stdout) as Verification;
  await coordinator.unpause();
  const { code, stderr } = await command.result;
  expect(stderr).toMatch(/updater died \(signal SIGKILL\) and is started again/);
  expect(code, stderr).toBe(0);
}, 4 * MINUTE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A client of the run's coordinator. */
async function connect(): Promise<FleetClient> {
  const read = async (name: string) => JSON.parse(await readFile(join(folder, "tiny", name), "utf8"));
  const { host, port } = (await read("endpoints.json")).coordinator;
  const { token } = await read("secrets/secrets.json");
  return openFleetClient({ address: `${host}:${port}`, token, name: "test" });
}

function archive(): string {
  return join(folder, "tiny", "archive");
}

/** Writes a file of rollouts again, with another reward for one of them. */
async function changeReward(path: string, sequence: number): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const rows = `SELECT * REPLACE (CASE WHEN sequence = ${sequence} THEN reward + 0.5 ELSE reward END AS reward) FROM '${path}'`;
  await connection.run(`COPY (${rows}) TO '${path}.changed' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  await rename(`${path}.changed`, path);
}

function of(...args: readonly string[]) {
  return fleet(...args, "--runs", folder, "--run", "tiny");
}

describe("fleet ledger --verify", { timeout: 3 * MINUTE_MS }, () => {
  it("agrees with the coordinator of a running run", () => {
    expect(live).toMatchObject({ isLive: true, discrepancies: [] });
    expect(live.step).toBeLessThan(STEPS);
    expect(live.storedRollouts).toBeGreaterThan(0);
  });

  it("agrees with what a run has left, by a nats-server that is gone afterwards", async () => {
    const { code, stdout, stderr } = await of("ledger", "--verify");

    expect(stderr).toBe("");
    expect(stdout).toMatch(/^ledger {4}[\d,]+ events in [\d,]+ messages, at step 5; state [0-9a-f]{64}\n/);
    expect(stdout).toContain("batches of whole groups");
    expect(stdout).toContain("0 rollouts in ROLLOUTS that the archive does not have yet");
    expect(stdout).toMatch(/\nthe archive and the ledger agree\n$/);
    expect(code).toBe(0);
    expect(await processesWith(join(folder, "tiny", "nats"))).toEqual([]);
  });
});

describe("fleet ledger --retrain", { timeout: 3 * MINUTE_MS }, () => {
  it("finds every version's digest again, after a killed updater and a policy that was gone back to", async () => {
    const { code, stdout, stderr } = await of("ledger", "--retrain");

    expect(stderr).toBe("");
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(STEPS + 1);
    expect(lines[0]).toMatch(/^step 1 {2}[0-9a-f]{64} {2}found again$/);
    expect(lines.filter((line) => line.endsWith("found again (an older policy again)"))).toHaveLength(1);
    expect(lines.at(-1)).toBe("every version's digest was found again");
    expect(code).toBe(0);
  });
});

describe("an archive that somebody changed", { timeout: 3 * MINUTE_MS }, () => {
  it("is not trained on: the step is named", async () => {
    const [last] = await readArchive(archive(), { lane: "train", step: STEPS, sort: "sequence", atMost: 1 });
    const [file = ""] = await readdir(join(archive(), "rollouts"));
    await changeReward(join(archive(), "rollouts", file), last?.sequence ?? 0);

    const retrained = await of("ledger", "--retrain");
    const verified = await of("ledger", "--verify", "--json");

    expect(retrained.stdout).toMatch(new RegExp(`^step ${STEPS - 1} .*found again.*\\n$`, "m"));
    expect(retrained.stderr).toBe(
      `fleet: step ${STEPS} trained on sample ${last?.sample} of task ${last?.task}, and what is kept of it is not the rollout ${last?.sequence} that the ledger names\n`,
    );
    expect(retrained.code).toBe(1);
    const { discrepancies } = JSON.parse(verified.stdout) as Verification;
    expect(discrepancies).toHaveLength(1);
    expect(discrepancies[0]).toMatch(new RegExp(`^rollouts/${file} has the SHA-256 `));
    expect(verified.code).toBe(1);
  });

  it("is said not to agree with the ledger", async () => {
    const outcomes = join(archive(), "outcomes");
    const [file] = await readdir(outcomes);
    await rm(join(outcomes, file ?? ""));

    const { code, stdout } = await of("ledger", "--verify", "--json");

    const { discrepancies } = JSON.parse(stdout) as Verification;
    expect(discrepancies).toContain(`outcomes/${file} is missing from the archive`);
    expect(discrepancies.at(-1)).toMatch(
      /^the outcome of sample \d of task \w+ is missing from the archive$/,
    );
    expect(code).toBe(1);
  });
});
