import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Row } from "../row.ts";
import { patchOf, scoreInput } from "./patches.ts";

const THREADS = 2;
const TASKS = 64;
const ROLLOUTS_A_TASK = 8;
const TURNS = 5;
/** Makes patches of 4,000 characters on average. */
const SHAPE = { lines: 52, kept: 0.4 };

/** Row `reward-batch`: a batch of replies scored on two threads, which have what they need when the time begins. */
export async function measureRewardBatch(): Promise<Row> {
  const inputs = Array.from({ length: TASKS * ROLLOUTS_A_TASK }, (_, index) => {
    const task = Math.floor(index / ROLLOUTS_A_TASK);
    return scoreInput(patchOf(`task ${task}`, `rollout ${index}`, SHAPE.lines, SHAPE.kept));
  });
  const workers = Array.from({ length: THREADS }, (_, thread) => {
    const own = inputs.filter((_, index) => index % THREADS === thread);
    return new Worker(new URL("reward-batch-thread.ts", import.meta.url), { workerData: own });
  });
  await Promise.all(workers.map((worker) => once(worker, "online")));
  const seconds: number[] = [];
  let patchCharacters = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now();
    const answers = workers.map((worker) => once(worker, "message"));
    for (const worker of workers) worker.postMessage("score");
    const characters = (await Promise.all(answers)) as number[][];
    seconds.push((performance.now() - start) / 1_000);
    patchCharacters = characters.flat().reduce((sum, each) => sum + each, 0) / inputs.length;
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return {
    id: "reward-batch",
    what: `whole rewards on ${THREADS} threads, a batch of ${inputs.length} rollouts with patches of ${Math.round(patchCharacters)} characters on average; fastest of ${TURNS}`,
    value: inputs.length / Math.min(...seconds),
    unit: "rewards/s",
  };
}
