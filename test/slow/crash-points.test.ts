/**
 * A whole run for each crash point: the process that comes there first dies, and the run still ends with sound books.
 * All of them with `FLEET_SLOW=full`; else those of the coordinator's path from a sample to a policy, and one or two of
 * each other process.
 *
 * @module
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CRASH_POINTS, type CrashPoint, withDeadline } from "../../core/index.ts";
import { fleet, startFleetIn } from "../support/fleet-command.ts";
import { goOnWith, problemsOf, writeInstances, writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

/** What a run must be like to come to a point. */
interface Way {
  /** Passes of each process before. */
  readonly after?: number;
  /** Whether the run is stopped in the middle, so that workers hand over what they have. */
  readonly stopped?: true;
  /** Sections of run.yaml in place of the tiny run's. */
  readonly changes?: Readonly<Record<string, unknown>>;
}

const STEPS = 2;
const LONG_STEPS = 5;
/** Slow enough to be stopped in the middle of a completion, with more groups issued than the first steps take. */
const LONG: Way = {
  stopped: true,
  changes: {
    steps: LONG_STEPS,
    model: { gguf: resolve("examples/demo/model/demo-q8_0.gguf"), template: "raw", contextTokens: 256 },
    batch: { prompts: 2, group: 4, staleness: 4 },
    sampling: { maxTokens: 160 },
  },
};
/** A process writes its first files before it has anything to lose. */
const LATE_FILE: Way = { after: 3 };

const WAYS: Partial<Record<CrashPoint, Way>> = {
  "file.after-write": LATE_FILE,
  "file.after-fsync": LATE_FILE,
  "file.after-rename": LATE_FILE,
  "collect.after-store-partial": LONG,
  "collect.after-append-partial": LONG,
  "collect.after-append-release": LONG,
  "worker.after-release": LONG,
  "collect.after-append-failed": {
    changes: { dataset: { train: ["train.jsonl", "long.jsonl"], prompt: "raw" } },
  },
  "skip.after-append": { changes: { grpo: { maskOverlong: true }, sampling: { maxTokens: 2 } } },
  // The first is the base's, of which nothing is fetched; the second is needed only where nothing may be stale.
  "worker.after-load": { after: 1, changes: { batch: { prompts: 2, group: 4, staleness: 0 } } },
};

const SHORT: readonly CrashPoint[] = [
  "collect.after-store",
  "collect.after-append",
  "ledger.after-append",
  "publish.after-store",
  "publish.after-append",
  "archive.after-outcomes",
  "worker.before-ack",
  "step.after-optimizer",
  "checkpoint.after-fsync",
  "train.after-nats",
];
const chosen = process.env["FLEET_SLOW"] === "full" ? CRASH_POINTS : SHORT;

const RUN_MS = 120_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-crash-"));
  await writeTinyInputs(folder);
  await writeInstances(folder, "long.jsonl", 4, 2_000);
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

describe("a run ends with sound books although a process was killed at", () => {
  it.each(chosen)("%s", async (point) => {
    const { after = 0, stopped, changes = {} } = WAYS[point] ?? {};
    const run = point.replace(".", "-");
    const mark = join(folder, `${run}.mark`);
    const environment = {
      FLEET_CRASH_AT: point,
      FLEET_CRASH_MARK: mark,
      FLEET_CRASH_AFTER: String(after),
    };
    const file = await writeTinyRun(folder, run, changes);

    const command = startFleetIn(environment, "train", file, "--runs", folder, "--run", run);
    if (stopped) await command.printed(/step 1\//).then(() => command.process.kill("SIGTERM"));
    const { code, stderr } = await withDeadline(`the run ${run}`, RUN_MS, command.result);

    expect(await readFile(mark, "utf8").catch(() => `never reached: ${stderr}`)).toMatch(`${point} `);
    if (code !== 0 || stopped) {
      const again = fleet(...(await goOnWith(folder, run, file)));
      const last = await withDeadline(`the run ${run} to go on`, RUN_MS, again);
      expect(last.code, stderr + last.stderr).toBe(0);
    }
    expect(await problemsOf(folder, run, stopped ? LONG_STEPS : STEPS)).toEqual([]);
  });
});
