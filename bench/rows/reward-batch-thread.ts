/**
 * Entry of a thread of bench/rows/reward-batch.ts: at each message scores all inputs that it was started with,
 * and answers how many characters the predicted changes have together.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { createReward, RewardConfig, type ScoreInput } from "../../rewards/index.ts";

const inputs = workerData as readonly ScoreInput[];
const reward = createReward(RewardConfig.parse({}));

parentPort?.on("message", () => {
  const files = inputs.flatMap((input) => reward(input).explanation.files);
  parentPort?.postMessage(files.reduce((sum, { predicted }) => sum + predicted.length, 0));
});
