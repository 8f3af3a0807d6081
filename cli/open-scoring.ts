import { DatasetConfig, readDataset } from "../coordinator/index.ts";
import { RewardConfig } from "../rewards/index.ts";
import { openRewardPool, WorkerConfig } from "../workers/index.ts";
import { checkRewards } from "./check-rewards.ts";
import { note } from "./print.ts";
import { readRunConfig } from "./read-run-config.ts";
import type { Scoring } from "./score-replies.ts";

/** Replies in memory for each thread, so that a slow one does not leave the others idle. */
const AT_ONCE = 4;

/** What scores replies. Disposing ends its threads. */
export interface OpenScoring extends Scoring, AsyncDisposable {}

/** With which instances, how and by how many threads replies are scored. */
export interface ScoringOptions {
  /** `.jsonl`, `.jsonl.gz` or `.jsonl.zst` */
  readonly dataset: readonly string[];
  /** A run.yaml, of which the reward counts; the paper's reward without one. */
  readonly config?: string;
  readonly threads: number;
}

/**
 * Reads the instances and starts the threads.
 *
 * @throws {UnusableDatasetError} when too much of the dataset is bad
 * @throws {ConfigError} when the run.yaml is
 */
export async function openScoring(options: ScoringOptions): Promise<OpenScoring> {
  const { settings, timeoutMs, badLinesAtMost } = await readRewardSettings(options.config);
  await checkRewards(settings);
  const { instances, bad } = await readDataset(options.dataset, { badLinesAtMost });
  if (bad > 0) {
    note(`${bad} lines of the dataset cannot be used: "fleet dataset check" lists them`);
  }
  const pool = openRewardPool({ threads: options.threads, timeoutMs });
  return {
    instances: new Map(instances.map((instance) => [instance.id, instance])),
    settings,
    pool,
    atOnce: AT_ONCE * options.threads,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

async function readRewardSettings(
  path: string | undefined,
): Promise<{ settings: RewardConfig; timeoutMs: number; badLinesAtMost: number }> {
  if (path === undefined) {
    const { rewardTimeoutMs } = WorkerConfig.parse({});
    const badLinesAtMost = DatasetConfig.shape.badLinesAtMost.parse(undefined);
    return { settings: RewardConfig.parse({}), timeoutMs: rewardTimeoutMs, badLinesAtMost };
  }
  const { reward, worker, dataset } = await readRunConfig(path);
  return {
    settings: reward,
    timeoutMs: worker.rewardTimeoutMs,
    badLinesAtMost: dataset.badLinesAtMost,
  };
}
