import { createRandom } from "../../core/index.ts";
import type { MicroBatch, TrainingSequence } from "../gradients/micro-batch.ts";
import type { GradientEngine } from "../gradients/open-gradient-engine.ts";

/** Sizes of a group, in tokens but for the number of its completions. */
export interface GroupSizes {
  readonly prompt: number;
  readonly completions: number;
  readonly tokens: number;
}

/** Tokens drawn from all of a vocabulary; the same for the same name. */
export function randomTokens(name: string, vocabulary: number, count: number): Int32Array {
  const next = createRandom(name);
  return Int32Array.from({ length: count }, () => Math.floor(next() * vocabulary));
}

/** A group of random texts that share a prompt. */
export function randomGroup(
  name: string,
  vocabulary: number,
  { prompt, completions, tokens }: GroupSizes,
): TrainingSequence[] {
  const next = createRandom(name);
  const draw = (length: number) => Array.from({ length }, () => Math.floor(next() * vocabulary));
  const shared = draw(prompt);
  return Array.from({ length: completions }, () => ({
    tokens: Int32Array.from([...shared, ...draw(tokens)]),
    from: prompt,
  }));
}

/** Forward and backward of one micro-batch. @returns how many tokens went through the layers */
export async function forwardBackward(
  engine: GradientEngine,
  sequences: MicroBatch["sequences"],
  lane?: number,
  place?: number,
): Promise<number> {
  const { logpT, evaluatedTokens } = await engine.forward({ temperature: 1, sequences }, "trained", lane);
  await engine.backward(
    logpT.map((_, index) => Math.sin(index) / logpT.length),
    lane,
    place,
  );
  return evaluatedTokens;
}

/**
 * Micro-batches on all lanes of an engine, each taking the next as it becomes free.
 *
 * @returns the gradient's sum
 */
export async function forwardBackwardAll(
  engine: GradientEngine,
  microBatches: readonly MicroBatch["sequences"][],
): Promise<Float32Array> {
  const work = microBatches.entries();
  const runLane = async (lane: number) => {
    for (const [place, sequences] of work) await forwardBackward(engine, sequences, lane, place);
  };
  await Promise.all(Array.from({ length: engine.lanes }, (_, lane) => runLane(lane)));
  return engine.takeGradients();
}
