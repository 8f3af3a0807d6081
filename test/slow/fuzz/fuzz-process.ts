/**
 * Reads inputs of targets, one after another. Started by run-fuzz.ts, which watches it.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inputOf } from "./input.ts";
import { judge, type Verdict } from "./judge.ts";
import { watchMemory } from "./memory.ts";
import type { FuzzOrder, Stretch } from "./order.ts";
import { createProgressWriter, emptyTally, type Tally } from "./progress.ts";
import type { FuzzTarget } from "./target.ts";

const MEBIBYTE = 2 ** 20;
/** What a process that reads next to nothing may grow by: garbage of the inputs before that was not collected yet. */
const ALLOWANCE_MEBIBYTES = 96;

const order = JSON.parse(process.argv[2] ?? "") as FuzzOrder;
const { targets } = (await import(order.targets)) as { targets: readonly FuzzTarget[] };
const write = createProgressWriter(order.progressFile);
const tallies: Record<string, Tally> = {};
for (const stretch of order.stretches) await fuzz(stretch);

async function fuzz({ target: name, from, to, milliseconds }: Stretch): Promise<void> {
  const target = targets.find((candidate) => candidate.name === name) as FuzzTarget;
  const samples = await target.samples();
  const tally = emptyTally();
  tallies[name] = tally;
  const until = performance.now() + milliseconds;
  let number = from;
  for (; number < to && performance.now() < until; number++) {
    write({ target: name, number, tallies });
    const input = inputOf(target, samples, order.seed, number);
    const { verdict, took, grownBytes } = await read(target, input);
    tally.inputs += 1;
    tally[verdict.kind] += 1;
    tally.busyMs += took;
    tally.slowestMs = Math.max(tally.slowestMs, took);
    tally.mostGrownBytes = Math.max(tally.mostGrownBytes, grownBytes);
    if (verdict.kind === "failed") await keep(`${name}-${order.seed}-${number}`, input, verdict.why);
  }
  write({ target: name, number, tallies });
}

async function read(target: FuzzTarget, input: Uint8Array) {
  const memory = watchMemory();
  const began = performance.now();
  const verdict = await verdictOf(target, input);
  const took = performance.now() - began;
  const grownBytes = memory.grownBytes();
  return { verdict: withinMemory(target, verdict, grownBytes, input.length), took, grownBytes };
}

async function verdictOf(target: FuzzTarget, input: Uint8Array): Promise<Verdict> {
  const fileOf = async (name: string) => {
    const path = join(order.workFolder, name);
    await writeFile(path, input);
    return path;
  };
  try {
    return judge(target, { told: await target.read(input, fileOf) });
  } catch (thrown) {
    return judge(target, { thrown });
  }
}

/** Twice the input's size and a constant is what a reader may take. */
function withinMemory(target: FuzzTarget, verdict: Verdict, grownBytes: number, size: number): Verdict {
  const most = 2 * size + (target.allowanceMiB ?? ALLOWANCE_MEBIBYTES) * MEBIBYTE;
  if (verdict.kind === "failed" || grownBytes <= most) return verdict;
  return { kind: "failed", why: `took ${grownBytes} bytes of memory for an input of ${size}` };
}

async function keep(name: string, input: Uint8Array, why: string): Promise<void> {
  await mkdir(order.failuresFolder, { recursive: true });
  await writeFile(join(order.failuresFolder, `${name}.input`), input);
  await writeFile(join(order.failuresFolder, `${name}.txt`), `${why}\n`);
}
