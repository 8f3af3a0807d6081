import { FleetError } from "../../core/index.ts";
import type { BatchGroup, Completion, Rollout } from "../../proto/index.ts";
import { float32Array, int32Array } from "../../transport/index.ts";
import type { GrpoConfig } from "../config.ts";
import { groupAdvantages } from "./advantage.ts";
import { lossScales } from "./normalization.ts";

/** A batch that cannot be trained as it was received. */
export class MalformedBatchError extends FleetError {
  readonly code = "updater.malformed_batch";
  readonly disposition = "fatal";
}

/** A completion that is trained on. */
export interface TrainingSequence {
  /** Index of its group in the batch. */
  readonly group: number;
  /** Prompt and completion. */
  readonly tokens: Int32Array;
  /** Index of the completion's first token. */
  readonly from: number;
  readonly advantage: number;
  /** What its summed loss is multiplied by. */
  readonly scale: number;
  /** Recorded log-probability of each token under softmax(logits / T), in nats. */
  readonly recordedT: Float32Array;
  /** As it was sampled from: after truncation where there was one, else `recordedT`. */
  readonly muT: Float32Array;
  /** Base variant that sampled each token. */
  readonly variantT: readonly string[];
}

/** The completions of an optimizer batch that count in the loss. */
export interface TrainingBatch {
  /** Of softmax(logits / temperature), for sampler and trainer. */
  readonly temperature: number;
  readonly sequences: readonly TrainingSequence[];
}

/** What shapes a batch. */
export type BatchOptions = Pick<
  GrpoConfig,
  "baseline" | "scale" | "normalization" | "constant" | "maskOverlong"
>;

/**
 * Turns the groups of a batch into what is trained on. Completions that are masked are in the baseline of their group
 * and nowhere else.
 *
 * @throws {MalformedBatchError} when a rollout lacks tokens, log-probabilities or its reward, or temperatures differ
 */
export function trainingBatch(groups: readonly BatchGroup[], options: BatchOptions): TrainingBatch {
  const members = groups.flatMap(({ task, rollouts }, group) => {
    const rewardsG = rollouts.map((rollout) => rewardOf(task, rollout));
    const advantagesG = groupAdvantages(rewardsG, options);
    return rollouts.map((rollout, g) => readMember(task, group, rollout, advantagesG[g] as number));
  });
  const counted = members.filter(({ finish }) => !(options.maskOverlong && finish === "FINISH_LENGTH"));
  const scales = lossScales(
    counted.map(({ sequence }) => sequence.recordedT.length),
    options,
  );
  return {
    temperature: commonTemperature(members.map((member) => member.temperature)),
    sequences: counted.map(({ sequence }, index) => ({ ...sequence, scale: scales[index] as number })),
  };
}

interface Member {
  readonly sequence: Omit<TrainingSequence, "scale">;
  readonly temperature: number;
  readonly finish: Completion["finish"];
}

function rewardOf(task: string, { sample, reward }: Rollout): number {
  if (reward === null) throw new MalformedBatchError(`sample ${sample} of task ${task} has no reward`);
  return reward.value;
}

function readMember(task: string, group: number, rollout: Rollout, advantage: number): Member {
  const { completion, sample, temperature } = rollout;
  if (completion === null)
    throw new MalformedBatchError(`sample ${sample} of task ${task} has no completion`);
  const prompt = int32Array(rollout.promptTokens);
  const sampled = int32Array(completion.tokens);
  const recordedT = float32Array(completion.logp);
  const truncatedT = float32Array(completion.logq);
  const muT = truncatedT.length === 0 ? recordedT : truncatedT;
  if (prompt.length === 0 || sampled.length === 0 || !sameLength(sampled, recordedT, muT)) {
    throw new MalformedBatchError(
      `sample ${sample} of task ${task} has ${prompt.length} prompt tokens, ${sampled.length} sampled ones and log-probabilities of ${recordedT.length} (${muT.length})`,
    );
  }
  const tokens = new Int32Array(prompt.length + sampled.length);
  tokens.set(prompt);
  tokens.set(sampled, prompt.length);
  const variantT = variantsOf(completion, sampled.length);
  const sequence = { group, tokens, from: prompt.length, advantage, recordedT, muT, variantT };
  return { sequence, temperature, finish: completion.finish };
}

function sameLength(tokens: Int32Array, recordedT: Float32Array, muT: Float32Array): boolean {
  return tokens.length === recordedT.length && tokens.length === muT.length;
}

function variantsOf({ spans }: Completion, length: number): string[] {
  const variantT = new Array<string>(length).fill("");
  for (const { from, variant } of spans) variantT.fill(variant, from);
  return variantT;
}

function commonTemperature(temperatures: readonly number[]): number {
  const temperature = temperatures[0] ?? 1;
  const other = temperatures.find((value) => value !== temperature);
  if (other !== undefined || temperature <= 0) {
    throw new MalformedBatchError(
      `a batch needs one temperature above 0, this one has ${[...new Set(temperatures)].join(", ")}`,
    );
  }
  return temperature;
}
