import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pause } from "../../../core/index.ts";
import type { FuzzOrder, Stretch } from "./order.ts";
import { emptyTally, type Progress, readProgress, sumOf, type Tally } from "./progress.ts";

/** What is fuzzed, for how long. */
export interface FuzzOptions {
  /** URL of the module that exports `targets`. */
  readonly targets: string;
  /** Those that are fuzzed, one after another. */
  readonly names: readonly string[];
  readonly seed: string;
  /** For all of them together. */
  readonly seconds: number;
  /** One input of each only. */
  readonly number?: number;
  /** Where inputs that fail go. */
  readonly failuresFolder: string;
  /** Longest that one input may take. */
  readonly deadlineMs: number;
}

const PROCESS = fileURLToPath(new URL("fuzz-process.ts", import.meta.url));
/** More would let a reader that builds too much look innocent. */
const NODE_OPTIONS = ["--max-old-space-size=768", "--disable-warning=ExperimentalWarning"];
const LOOK_MS = 100;
const START_DEADLINE_MS = 120_000;
const MOST_ERROR = 2_000;

/** Fuzzes in a process that is started again behind an input that ends or hangs it. Gives what became of each target. */
export async function runFuzz(options: FuzzOptions): Promise<Map<string, Tally>> {
  const folder = await mkdtemp(join(tmpdir(), "fleet-fuzz-"));
  const tallies = new Map(options.names.map((name) => [name, emptyTally()]));
  const add = (name: string, tally: Tally) => {
    tallies.set(name, sumOf(tallies.get(name) ?? emptyTally(), tally));
  };
  try {
    for (let stretches = stretchesOf(options); stretches.length > 0; ) {
      const progressFile = join(folder, "progress");
      await rm(progressFile, { force: true });
      const { targets, seed, failuresFolder, deadlineMs } = options;
      const order = { targets, seed, stretches, progressFile, workFolder: folder, failuresFolder };
      const death = await watchProcess(order, deadlineMs);
      const progress = readProgress(progressFile);
      if (progress === null) throw new Error(`the process that fuzzes did not start: ${death}`);
      for (const [name, tally] of Object.entries(progress.tallies)) add(name, tally);
      if (death === null) break;
      add(progress.target, { ...emptyTally(), inputs: 1, failed: 1 });
      await keep(failuresFolder, `${progress.target}-${seed}-${progress.number}`, death);
      stretches = stretchesAfter(stretches, progress);
    }
    return tallies;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function stretchesOf({ names, seconds, number }: FuzzOptions): Stretch[] {
  const milliseconds = (seconds * 1_000) / names.length;
  const [from, to] = number === undefined ? [0, Number.MAX_SAFE_INTEGER] : [number, number + 1];
  return names.map((target) => ({ target, from, to, milliseconds }));
}

/** What is left behind the input that ended a process; its target goes on with half of its time. */
function stretchesAfter(stretches: readonly Stretch[], { target, number }: Progress): Stretch[] {
  const at = stretches.findIndex((stretch) => stretch.target === target);
  return stretches
    .slice(at)
    .map((stretch, i) =>
      i > 0 ? stretch : { ...stretch, from: number + 1, milliseconds: stretch.milliseconds / 2 },
    );
}

/** Waits for the process. @returns why its last input ended it; null when it ended in order */
async function watchProcess(order: FuzzOrder, deadlineMs: number): Promise<string | null> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, PROCESS, JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-MOST_ERROR);
  });
  const exit = once(child, "exit");
  const hung = await killWhenHung(child, order.progressFile, deadlineMs);
  const [code, signal] = await exit;
  if (hung) return `took longer than ${deadlineMs} ms`;
  return code === 0 ? null : `ended its process with ${signal ?? `code ${code}`}: ${said}`;
}

/** Resolves once the process has ended: by itself, or since it stayed with one input for too long. */
async function killWhenHung(child: ChildProcess, progressFile: string, deadlineMs: number): Promise<boolean> {
  let at = "";
  let since = performance.now();
  while (child.exitCode === null && child.signalCode === null) {
    await pause(LOOK_MS);
    const progress = readProgress(progressFile);
    const now = progress === null ? "" : `${progress.target} ${progress.number}`;
    if (now !== at) since = performance.now();
    at = now;
    if (performance.now() - since > (at === "" ? START_DEADLINE_MS : deadlineMs))
      return child.kill("SIGKILL");
  }
  return false;
}

async function keep(folder: string, name: string, why: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.txt`), `${why}\n`);
}
