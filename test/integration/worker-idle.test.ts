import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { pause } from "../../core/index.ts";
import { engines, openScriptedRun } from "../support/running-worker.ts";

const WINDOW_MS = 4_000;
/** Of one core, worker and engine together; one that spins takes 1. */
const MOST_OF_A_CORE = 0.1;
/** Of /proc: USER_HZ. */
const TICK_MS = 10;

describe("a worker that has nothing to do", () => {
  it("takes less than a tenth of a core, its engine included", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1", { presenceMs: 2_000, policyPollMs: 2_000 });
    await run.issue("t1", [0, 1]);
    await coordinator.until("two rollouts", () => coordinator.rollouts.length === 2);
    const [engine = 0] = await engines();
    const before = await cpuMs(engine);

    await pause(WINDOW_MS); // The window that is measured.

    const used = (await cpuMs(engine)) - before;
    expect(engine).toBeGreaterThan(0);
    expect(used / WINDOW_MS).toBeLessThan(MOST_OF_A_CORE);
  });
});

/** CPU time of this process, which the worker is part of, and of its engine. */
async function cpuMs(engine: number): Promise<number> {
  const stat = await readFile(`/proc/${engine}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + ticks * TICK_MS;
}
