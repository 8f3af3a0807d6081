/**
 * A whole run for each crash point: the process that comes there first dies, and the run still ends with sound books.
 * All of them with `FLEET_SLOW=full`; else those of the coordinator's path from a sample to a policy, and one or two of
 * each other process.
 *
 * @module
 */
import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
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
  /** Whether its archive keeps all its rollouts. */
  readonly keepsAll?: boolean;
  /** Whether it is the command that goes on, and back to policy 1, that comes to the point. */
  readonly goesBack?: "from its checkpoint" | "from its adapter";
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
/** Nothing waits in memory. */
const SPOOLED: Way = {
  changes: {
    worker: { policyPollMs: 500, presenceMs: 500, drainTimeoutMs: 10_000, unacknowledgedMegabytes: 0 },
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
  "dispatch.after-reference": {
    changes: { dataset: { train: ["train.jsonl", "large.jsonl"], prompt: "raw" } },
  },
  "rollback.after-append": { ...LONG, goesBack: "from its checkpoint" },
  "rollback.after-pointer": { ...LONG, goesBack: "from its checkpoint" },
  "rewind.after-fetch": { ...LONG, goesBack: "from its adapter" },
  "spool.after-write": SPOOLED,
  "spool.after-rename": SPOOLED,
  "spool.before-remove": SPOOLED,
  "archive.after-drop": { keepsAll: false, changes: { storage: { archiveMiB: 0.001 } } },
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
  await writeInstances(folder, "long.jsonl", 4, { issueBytes: 2_000 });
  await writeInstances(folder, "large.jsonl", 4, { oracleBytes: 600_000 });
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

describe("a run ends with sound books although a process was killed at", () => {
  it.each(chosen)("%s", async (point) => {
    const way = WAYS[point] ?? {};
    const run = point.replace(".", "-");
    const mark = join(folder, `${run}.mark`);
    const environment = {
      FLEET_CRASH_AT: point,
      FLEET_CRASH_MARK: mark,
      FLEET_CRASH_AFTER: String(way.after ?? 0),
    };
    const file = await writeTinyRun(folder, run, way.changes);

    const { isOver, stderr } = await come(way, run, file, environment);

    expect(await readFile(mark, "utf8").catch(() => `never reached: ${stderr}`)).toMatch(`${point} `);
    if (!isOver) {
      const again = fleet(...(await goOnWith(folder, run, file)));
      const last = await withDeadline(`the run ${run} to go on`, RUN_MS, again);
      expect(last.code, stderr + last.stderr).toBe(0);
    }
    expect(await problemsOf(folder, run, way.stopped ? LONG_STEPS : STEPS, way.keepsAll)).toEqual([]);
  });
});

/** Goes a way to its point; tells whether the run came to its end all the same. */
async function come(
  { stopped, goesBack }: Way,
  run: string,
  file: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly isOver: boolean; readonly stderr: string }> {
  const where = ["--runs", folder, "--run", run];
  const start = startFleetIn(goesBack ? {} : environment, "train", file, ...where);
  if (stopped) await start.printed(/step [1-9]\d*\//).then(() => start.process.kill("SIGTERM"));
  const first = await withDeadline(`the run ${run}`, RUN_MS, start.result);
  if (!goesBack) return { isOver: first.code === 0 && !stopped, stderr: first.stderr };

  if (goesBack === "from its adapter")
    await rename(join(folder, run, "checkpoints"), join(folder, `${run}-lost`));
  const back = startFleetIn(environment, "train", "--resume", "--from-step", "1", ...where);
  const { code, stderr } = await withDeadline(`the run ${run} to go back`, RUN_MS, back.result);
  return { isOver: code === 0, stderr };
}
