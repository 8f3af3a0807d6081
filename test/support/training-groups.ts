import { createHash } from "node:crypto";
import type { BatchGroup, BatchMessageInit, FinishReason, Rollout } from "../../proto/index.ts";
import { decodeRollout, encodeRollout, float32Bytes, int32Bytes } from "../../transport/index.ts";

/** What of a rollout matters to training. */
export interface TrainedRollout {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
  /** Recorded log-probabilities, in nats. */
  readonly mu: readonly number[];
  readonly reward: number;
  readonly finish?: FinishReason;
  readonly temperature?: number;
  /** After truncation; none where nothing was cut off. */
  readonly logq?: readonly number[];
  readonly variant?: string;
}

/** A rollout as the coordinator sends it. */
export function trainedRollout(task: string, sample: number, given: TrainedRollout): Rollout {
  const { prompt, completion, mu, reward, finish = "FINISH_END", temperature = 1, logq = [] } = given;
  const encoded = encodeRollout({
    run: "run1",
    lane: "train",
    task,
    sample,
    instance: task,
    promptTokens: int32Bytes(Int32Array.from(prompt)),
    completion: {
      tokens: int32Bytes(Int32Array.from(completion)),
      logp: float32Bytes(Float32Array.from(mu)),
      logq: float32Bytes(Float32Array.from(logq)),
      entropy: float32Bytes(new Float32Array(mu.length)),
      spans: [{ from: 0, variant: given.variant ?? "F32", worker: "w", device: "cpu" }],
      finish,
    },
    reward: { value: reward, scorer: "test@1" },
    temperature,
  });
  return decodeRollout(encoded);
}

/** A group of a batch. */
export function trainedGroup(task: string, rollouts: readonly TrainedRollout[]): BatchGroup {
  return { task, rollouts: rollouts.map((rollout, sample) => trainedRollout(task, sample, rollout)) };
}

/** The messages that a batch is sent as. */
export function batchMessages(step: number, groups: readonly BatchGroup[]): BatchMessageInit[] {
  const hash = createHash("sha256");
  for (const rollout of groups.flatMap(({ rollouts }) => rollouts)) {
    hash.update(createHash("sha256").update(encodeRollout(rollout)).digest());
  }
  return [
    { start: { step, groups: groups.length } },
    ...groups.map((group) => ({ group })),
    { end: { digest: hash.digest("hex") } },
  ];
}
