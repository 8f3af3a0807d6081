import { randomKey } from "../../core/index.ts";
import type {
  Engine,
  EngineCompletion,
  EngineTokens,
  GroupHandle,
  GroupRequest,
  SampleFailure,
  SamplingSettings,
} from "../../llama/index.ts";

/** What a test may choose about a group. */
export interface GroupChoice {
  readonly prompt?: Int32Array;
  /** Indexes of the samples; their keys depend on these alone. */
  readonly samples?: readonly number[];
  /** The first sample continues this. */
  readonly prefix?: EngineTokens;
  readonly sampling?: Partial<SamplingSettings>;
}

/** A group, with temperature 1 and nothing truncated unless chosen. */
export function groupThat({ prompt, samples = [0], prefix, sampling }: GroupChoice = {}): GroupRequest {
  return {
    task: "a-task",
    prompt: prompt ?? Int32Array.from({ length: 20 }, (_, i) => 40 + ((i * 7) % 200)),
    samples: samples.map((sample, position) => ({
      sample,
      key: randomKey(`0/a-task/${sample}`),
      ...(prefix && position === 0 ? { prefix } : {}),
    })),
    sampling: { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: 24, stop: [], ...sampling },
  };
}

/** How a group ended. */
export interface Generated {
  /** By sample index. */
  readonly completions: EngineCompletion[];
  readonly failures: { sample: number; failure: SampleFailure }[];
}

/** A group in generation, and what has come of it so far. */
export interface Generation extends Generated {
  readonly handle: GroupHandle;
}

/** Starts a group and collects what its sink hears. */
export function startGroup(engine: Engine, choice: GroupChoice = {}): Generation {
  const completions: EngineCompletion[] = [];
  const failures: { sample: number; failure: SampleFailure }[] = [];
  const handle = engine.generate(groupThat(choice), {
    finished: (completion) => void completions.push(completion),
    failed: (sample, failure) => void failures.push({ sample, failure }),
  });
  return { completions, failures, handle };
}

/** Generates a group to its end. */
export async function generateGroup(engine: Engine, choice: GroupChoice = {}): Promise<Generated> {
  const { handle, completions, failures } = startGroup(engine, choice);
  await handle.done;
  completions.sort((a, b) => a.sample - b.sample);
  return { completions, failures };
}

/** Waits until an engine has sampled `tokens` more tokens than now. */
export async function sampled(engine: Engine, tokens: number): Promise<void> {
  const from = (await engine.status()).sampledTokens;
  while ((await engine.status()).sampledTokens < from + tokens);
}
