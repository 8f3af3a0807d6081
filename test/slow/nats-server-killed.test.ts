import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Summary } from "../../coordinator/index.ts";
import { pause, withDeadline } from "../../core/index.ts";
import { processesWith, startFleet } from "../support/fleet-command.ts";
import { writeSmallDemo } from "../support/small-demo.ts";

const STEPS = 6;
/** Longer than a ping, shorter than any deadline of the roles. */
const UNREACHABLE_MS = 8_000;

let folder: string;
let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-nats-killed-"));
  config = await writeSmallDemo(folder, { steps: STEPS, batch: { prompts: 2, group: 4, staleness: 1 } });
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

describe("a whole run whose nats-server is killed twice and stands still for 8 s", {
  timeout: 240_000,
}, () => {
  it("says so, goes on by itself and ends with balanced books, every step trained once", async () => {
    const train = startFleet("train", config, "--runs", folder, "--run", "r", "--json");

    await train.printed(/step [1-9]\d*\//);
    process.kill(await natsServer(), "SIGKILL");
    await train.printed(/step ([2-9]|\d{2,})\//);
    await standStill(await natsServer());
    await train.printed(/step ([4-9]|\d{2,})\//);
    process.kill(await natsServer(), "SIGKILL");
    const { code, stdout, stderr } = await withDeadline("the run to end", 150_000, train.result);

    expect(code, stderr).toBe(0);
    expect(stderr.match(/nats-server ended by itself \(SIGKILL\) and is started again/g)).toHaveLength(2);
    const { ledger, steps, versions } = JSON.parse(stdout) as Summary;
    expect(steps.map(({ step }) => step)).toEqual(upTo(1));
    expect(versions.map(({ version }) => version)).toEqual(upTo(0));
    for (const books of ledger) {
      expect(books.issued).toBe(books.accepted + books.rejected + books.expired);
      expect(books.accepted).toBe(books.trained + books.skipped + books.evaluated);
    }
  });
});

const upTo = (from: number) => Array.from({ length: STEPS + 1 - from }, (_, i) => from + i);

/** The run's nats-server, not its guardian; one that was killed is started again in a moment. */
async function natsServer(): Promise<number> {
  const look = async () => {
    const found = await processesWith(join(folder, "r", "nats", "nats-server.conf"));
    return found.find(({ command }) => !command.includes("guardian-process"))?.pid ?? 0;
  };
  let pid = 0;
  await expect.poll(async () => (pid = await look()), { timeout: 20_000 }).toBeGreaterThan(0);
  return pid;
}

/** Stops the process for a while, in the middle of whatever it does. */
async function standStill(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await pause(UNREACHABLE_MS);
  process.kill(pid, "SIGCONT");
}
