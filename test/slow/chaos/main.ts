/**
 * `make chaos ROUNDS=N [SEED=…]`: rounds 1 to N of a seed, from the one on where the last call ended.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeTinyInputs } from "../../support/tiny-run.ts";
import { runRound } from "./round.ts";
import { describeAct, scheduleOf } from "./schedule.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    folder: { type: "string", default: "runs/chaos" },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
const folder = resolve(values.folder);
const stateFile = join(folder, `seed-${seed}.json`);
const say = (line: string) => void process.stdout.write(`${line}\n`);

await mkdir(folder, { recursive: true });
await writeTinyInputs(folder);
const passed = await readFile(stateFile, "utf8").then(
  (text) => (JSON.parse(text) as { passed: number }).passed,
  () => 0,
);
if (passed > 0) say(`seed ${seed}: rounds 1 to ${passed} have passed; ${stateFile} says so`);
for (let round = passed + 1; round <= rounds; round++) {
  const schedule = scheduleOf(seed, round);
  const { problems, story, seconds } = await runRound(folder, `seed-${seed}-round-${round}`, schedule);
  if (problems.length > 0) {
    say(`seed ${seed} round ${round} FAILED after ${seconds.toFixed(0)} s`);
    for (const line of [...schedule.acts.map(describeAct), ...story, ...problems]) say(`  ${line}`);
    say(`the run is kept in ${folder}; "make chaos SEED=${seed} ROUNDS=${round}" repeats the round`);
    process.exitCode = 1;
    break;
  }
  await writeFile(stateFile, `${JSON.stringify({ passed: round })}\n`);
  say(
    `seed ${seed} round ${round} holds, ${seconds.toFixed(0)} s: ${schedule.acts.map(describeAct).join("; ")}`,
  );
}
