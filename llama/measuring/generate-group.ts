import { FleetError, randomKey } from "../../core/index.ts";
import type { Engine } from "../decoding/engine.ts";
import type { EngineCompletion } from "../decoding/generation.ts";

/** The model did not generate what was to be measured. */
export class MeasuringError extends FleetError {
  readonly code = "llama.nothing_measured";
  readonly disposition = "reject";
}

/**
 * Generates completions of one prompt, all at once, at temperature 1 and free of truncation.
 *
 * @param draws - one a completion, in whose order they are returned: names its random numbers
 * @throws {MeasuringError} when a completion fails
 */
export async function generateGroup(
  engine: Engine,
  prompt: Int32Array,
  draws: readonly string[],
  maxTokens: number,
): Promise<EngineCompletion[]> {
  const completions: EngineCompletion[] = [];
  const failures: string[] = [];
  const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens, stop: [] };
  const samples = draws.map((name, sample) => ({ sample, key: randomKey(name) }));
  const group = engine.generate(
    { task: "a measurement", prompt, samples, sampling },
    {
      finished: (completion) => void completions.push(completion),
      failed: (sample, { message }) => void failures.push(`completion ${sample}: ${message}`),
    },
  );
  await group.done;
  if (failures[0] !== undefined) throw new MeasuringError(failures[0]);
  return completions.toSorted((a, b) => a.sample - b.sample);
}
