import type { Completion, Granted, MissingSample, RolloutInit, Task } from "../../proto/index.ts";
import { float32Bytes, int32Array, int32Bytes } from "../../transport/index.ts";

/** The rollout of a worker without a model: the prefix of its sample, and `added` tokens after it. */
export function scriptedRollout(
  task: Task,
  { samples, policy }: Granted,
  sample: number,
  worker: string,
  added: readonly number[],
  given?: string,
) {
  const missing: MissingSample | undefined = samples.find((entry) => entry.sample === sample);
  const prefix: Completion | null = missing?.prefix ?? null;
  const before = prefix === null ? [] : [...int32Array(prefix.tokens)];
  const tokens = [...before, ...added];
  const span = {
    from: before.length,
    policyVersion: policy?.version ?? 0,
    adapter: policy?.adapter ?? "",
    worker,
    variant: "base",
  };
  return {
    run: task.run,
    lane: task.lane,
    task: task.task,
    sample,
    attempt: missing?.attempt ?? 1,
    instance: task.instance,
    promptTokens: int32Bytes(Int32Array.of(1, 2)),
    completion: {
      tokens: int32Bytes(Int32Array.from(tokens)),
      logp: float32Bytes(new Float32Array(tokens.length).fill(-1)),
      entropy: float32Bytes(new Float32Array(tokens.length).fill(1)),
      spans: [...(prefix?.spans ?? []), span],
      finish: "FINISH_END" as const,
      text: given ?? `${tokens.length} tokens`,
    },
    temperature: task.sampling?.temperature ?? 1,
    seed: task.seed,
    worker,
  } satisfies RolloutInit;
}
