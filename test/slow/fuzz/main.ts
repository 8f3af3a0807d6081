/**
 * Feeds damaged and hostile inputs to every reader of what strangers make. `make fuzz [SECONDS=60] [SEED=…]`; one input
 * again: `make fuzz SEED=… TARGET=… NUMBER=…`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { Tally } from "./progress.ts";
import { runFuzz } from "./run-fuzz.ts";
import { targets } from "./targets/index.ts";

const FAILURES_FOLDER = ".fleet/fuzz";
const DEADLINE_MS = 30_000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now()) },
    target: { type: "string" },
    number: { type: "string" },
  },
});
const { seconds, target, number } = values;
const seed = values.seed || String(Date.now());
const names = targets.map(({ name }) => name).filter((name) => !target || name === target);
if (names.length === 0) {
  process.stderr.write(`there is no target ${target}: ${targets.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

print(`seed ${seed}`);
const tallies = await runFuzz({
  targets: new URL("targets/index.ts", import.meta.url).href,
  names,
  seed,
  seconds: Number(seconds),
  ...(number ? { number: Number(number) } : {}),
  failuresFolder: FAILURES_FOLDER,
  deadlineMs: DEADLINE_MS,
});
printRow(["target", "inputs", "a second", "accepted", "refused", "failed", "slowest ms", "most MiB"]);
for (const [name, tally] of tallies) printRow([name, ...cellsOf(tally)]);
const [broken] = [...tallies].filter(([, { failed }]) => failed > 0);
if (broken !== undefined) {
  print(`\nwhat failed is in ${FAILURES_FOLDER}/<target>-<seed>-<number>; again by`);
  print(`  make fuzz SEED=${seed} TARGET=${broken[0]} NUMBER=<number>`);
  process.exitCode = 1;
}

function cellsOf({ inputs, busyMs, accepted, refused, failed, slowestMs, mostGrownBytes }: Tally): string[] {
  const rate = (inputs / busyMs) * 1_000;
  const cells = [inputs, rate, accepted, refused, failed, slowestMs, mostGrownBytes / 2 ** 20];
  return cells.map((value) => value.toFixed(0));
}

function printRow(cells: readonly string[]): void {
  print(cells.map((cell, i) => (i === 0 ? cell.padEnd(16) : cell.padStart(11))).join(""));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
