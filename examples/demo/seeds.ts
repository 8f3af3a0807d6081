/**
 * Trains the demo with three seeds, one after the other, and holds each to what the demo promises:
 *
 *   node examples/demo/seeds.ts
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Summary } from "../../coordinator/index.ts";

const FLEET = join(import.meta.dirname, "..", "..", "bin", "fleet.mjs");
const RUN = join(import.meta.dirname, "run.yaml");
const SEEDS = [0, 1, 2];
/** Steps at either end of a run whose rewards are compared. */
const ENDS = 5;
/** What the mean training reward must rise by. */
const LEAST_RISE = 0.4;
const MOST_OUTPUT_BYTES = 64 * 2 ** 20;

const failures = SEEDS.flatMap((seed) => {
  const summary = trainWith(seed);
  process.stdout.write(`seed ${seed}: ${describe(summary)}\n`);
  return shortfalls(summary).map((shortfall) => `seed ${seed}: ${shortfall}`);
});
for (const failure of failures) process.stderr.write(`✗ ${failure}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

function trainWith(seed: number): Summary {
  const { status, stdout } = spawnSync(
    process.execPath,
    [FLEET, "train", RUN, "--seed", String(seed), "--json"],
    {
      stdio: ["inherit", "pipe", "inherit"],
      maxBuffer: MOST_OUTPUT_BYTES,
    },
  );
  if (status !== 0) process.exit(status ?? 1);
  return JSON.parse(stdout.toString()) as Summary;
}

function describe(summary: Summary): string {
  const { before, after } = summary.heldOut;
  const repairs = after.map(({ temperature, exactRate }, index) => {
    const start = before[index]?.exactRate ?? Number.NaN;
    return `T ${temperature} repairs ${percent(start)} → ${percent(exactRate)}`;
  });
  return [`training reward ${signed(rise(summary))}`, ...repairs].join(", ");
}

/** What the run did not reach, in words. */
function shortfalls(summary: Summary): string[] {
  const { change } = summary.heldOut;
  const heldOut = change.flatMap(({ temperature, reward, exactRate }) => [
    ...(reward.low > 0 ? [] : [`held-out reward at T ${temperature} is not above before`]),
    ...(exactRate.low > 0 ? [] : [`held-out repairs at T ${temperature} are not above before`]),
  ]);
  const risen = rise(summary) >= LEAST_RISE;
  return risen
    ? heldOut
    : [`training reward rose by ${signed(rise(summary))}, not ${LEAST_RISE}`, ...heldOut];
}

/** Mean training reward of the last steps less that of the first ones. */
function rise({ steps }: Summary): number {
  const mean = (part: Summary["steps"]) =>
    part.reduce((sum, { meanReward }) => sum + meanReward, 0) / part.length;
  return mean(steps.slice(-ENDS)) - mean(steps.slice(0, ENDS));
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
