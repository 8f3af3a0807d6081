import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Summary } from "../../coordinator/index.ts";
import { pause } from "../../core/index.ts";
import { fleet, startFleet } from "../support/fleet-command.ts";
import { writeSmallDemo } from "../support/small-demo.ts";

/** Long enough for some to come and go on a fast machine; the long form takes some three minutes. */
const STEPS = process.env["FLEET_SLOW"] === "full" ? 80 : 16;
const TURN_MS = 2_500;
/** A worker takes a second or two to come. */
const GUESTS_AT_ONCE = 2;

let folder: string;
let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-elastic-"));
  config = await writeSmallDemo(folder, {
    steps: STEPS,
    batch: { prompts: 4, group: 8, staleness: 1 },
    leases: { ackWaitMs: 2_000 },
    local: { workers: [{ device: "cpu", count: 1, slots: 8 }], updater: { device: "cpu" } },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

const resolved = () => join(folder, "churned", "run.yaml");

/** Workers join, and go after some turns, in order or killed, in turn. */
async function churn(over: AbortSignal): Promise<{ readonly killed: number; readonly joined: number }> {
  const guests: ReturnType<typeof startFleet>[] = [];
  let gone = 0;
  for (let turn = 0; !over.aborted; turn++) {
    await pause(TURN_MS, over);
    if (over.aborted) break;
    guests.push(startFleet("worker", "--config", resolved(), "--name", `guest-${turn}`));
    if (guests.length - gone > GUESTS_AT_ONCE) {
      guests[gone]?.process.kill(gone % 2 === 0 ? "SIGKILL" : "SIGTERM");
      gone += 1;
    }
  }
  for (const guest of guests) guest.process.kill("SIGTERM");
  await Promise.all(guests.map(({ result }) => result));
  return { killed: Math.ceil(gone / 2), joined: guests.length };
}

it("a run whose workers join and leave every few seconds ends as well as one whose workers stay", async () => {
  const calm = await fleet("train", config, "--runs", folder, "--run", "calm", "--json");
  const command = startFleet("train", config, "--runs", folder, "--run", "churned", "--json");
  const over = new AbortController();
  await command.printed(/step [1-9]\d*\//);
  const churning = churn(over.signal);
  const churned = await command.result;
  over.abort();
  const { killed, joined } = await churning;

  const summaries = [calm, churned].map(({ code, stdout, stderr }) => {
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as Summary;
  });
  expect(killed).toBeGreaterThanOrEqual(1);
  expect(joined).toBeGreaterThanOrEqual(3);
  for (const { steps, ledger } of summaries) {
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
    for (const books of ledger) {
      expect(books.issued).toBe(books.accepted + books.rejected + books.expired);
      expect(books.accepted).toBe(books.trained + books.skipped + books.evaluated);
    }
  }
  const [calmRejections, churnedRejections] = summaries.map(({ ledger }) =>
    ledger.reduce((sum, { rejected }) => sum + rejected, 0),
  );
  expect(churnedRejections).toBe(calmRejections); // A worker's end is nobody's data failure, and no task is poison.
});
