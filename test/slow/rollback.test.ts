import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Summary } from "../../coordinator/index.ts";
import { type CommandResult, fleet, startFleet } from "../support/fleet-command.ts";
import { writeSmallDemo } from "../support/small-demo.ts";

/** A step takes a fraction of a second, and whoever asks for an older policy has to start first: it is to be kept until then. */
const LIVE_STEPS = 24;
const KEPT = 12;

let folder: string;
let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-rollback-"));
  config = await writeSmallDemo(folder, { steps: 3, batch: { prompts: 2, group: 4, staleness: 1 } });
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

const run = (...args: string[]) => fleet("train", ...args, "--runs", folder, "--run", "r", "--json");

function summaryOf({ code, stdout, stderr }: CommandResult): Summary {
  expect(code, stderr).toBe(0);
  const summary = JSON.parse(stdout) as Summary;
  for (const books of summary.ledger) {
    expect(books.issued).toBe(books.accepted + books.rejected + books.expired);
    expect(books.accepted).toBe(books.trained + books.skipped + books.evaluated);
  }
  return summary;
}

describe("a run goes back to an older policy", () => {
  it("by --from-step, from that step's checkpoint: the next version has its adapter, and training goes on from it", async () => {
    summaryOf(await run(config));

    const back = await run("--resume", "--steps", "5", "--from-step", "1");

    expect(back.stderr).toContain("policy 4 is policy 1 again; training goes on from its checkpoint");
    const { versions, steps } = summaryOf(back);
    expect(versions.map(({ version }) => version)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(versions[4]?.adapter).toBe(versions[1]?.adapter);
    expect(new Set(versions.map(({ adapter }) => adapter)).size).toBe(5);
    expect(steps.map(({ skipped }) => skipped)).toEqual([null, null, null, "back to policy 1", null]);
  });

  it("and says in one sentence that it can, when the checkpoints are lost", async () => {
    await rename(join(folder, "r", "checkpoints"), join(folder, "lost"));

    const { code, stderr } = await run("--resume", "--steps", "7");

    expect(stderr).toMatch(
      /the trainer has no checkpoint and the ledger is at step 5: give the updater the checkpoints of this run; "fleet train --resume --from-step N" goes on/,
    );
    expect(code).toBe(2);
  });

  it("from the adapter, with a fresh optimizer state, when there is no checkpoint", async () => {
    const back = await run("--resume", "--steps", "7", "--from-step", "5");

    expect(back.stderr).toContain("goes on from its adapter, with a fresh optimizer state");
    const { versions } = summaryOf(back);
    expect(versions[6]?.adapter).toBe(versions[5]?.adapter);
    expect(versions).toHaveLength(8);
  });

  it("refuses where no step is left", async () => {
    const { code, stderr } = await run("--resume", "--from-step", "6");

    expect(stderr).toMatch(/the run r has made all its 7 steps: --from-step needs more, by --steps/);
    expect(code).toBe(2);
  });

  it("refuses where neither is kept, naming the versions whose adapters are", async () => {
    const { code, stderr } = await run("--resume", "--steps", "9", "--from-step", "2");

    expect(stderr).toMatch(
      /neither a checkpoint nor the adapter of policy 2 is kept; adapters are kept of 0, /,
    );
    expect(code).toBe(2);
  });

  it("by fleet policy rollback while it trains, and nothing is lost", async () => {
    const batch = { prompts: 2, group: 4, staleness: KEPT };
    const live = await writeSmallDemo(folder, { steps: LIVE_STEPS, batch });
    const command = startFleet("train", live, "--runs", folder, "--run", "live", "--json");
    await command.printed(/step ([2-9]|\d{2,})\//);

    const told = await fleet("policy", "rollback", "1", "--runs", folder, "--run", "live");

    expect(told.stdout, told.stderr).toMatch(/^policy \d+ is policy 1 again; training goes on from its /m);
    const { versions, steps } = summaryOf(await command.result);
    const back = steps.find(({ skipped }) => skipped === "back to policy 1");
    expect(versions[back?.step ?? 0]?.adapter).toBe(versions[1]?.adapter);
    expect(versions).toHaveLength(LIVE_STEPS + 1);
  });
});
