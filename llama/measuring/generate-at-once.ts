import { FleetError, randomKey } from "../../core/index.ts";
import type { Engine } from "../decoding/engine.ts";

/** The model did not generate what was to be measured. */
export class MeasuringError extends FleetError {
  readonly code = "llama.nothing_measured";
  readonly disposition = "reject";
}

/** Where the time went, in milliseconds. */
export interface GenerationTimes {
  /** Of the prompt's evaluation. */
  readonly prefillMs: number;
  /** Of `steps` decode steps: from the first token, drawn from the prompt's logits, to the last. */
  readonly decodeMs: number;
}

/**
 * Generates `count` completions of one prompt at once, free of truncation.
 *
 * @param turn - names the draws
 * @throws {MeasuringError} when a completion fails, or all end with their first token
 */
export async function generateAtOnce(
  engine: Engine,
  prompt: Int32Array,
  count: number,
  steps: number,
  turn: number,
): Promise<GenerationTimes> {
  const samples = Array.from({ length: count }, (_, sample) => ({
    sample,
    key: randomKey(`bench/${turn}/${sample}`),
  }));
  const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: steps + 1, stop: [] };
  const failures: string[] = [];
  let prefillMs = 0;
  let longest = 0;
  let tokens = 0;
  const group = engine.generate(
    { task: `bench-${turn}`, prompt, samples, sampling },
    {
      finished: (completion) => {
        prefillMs = Math.max(prefillMs, completion.timings.prefillMs);
        longest = Math.max(longest, completion.timings.decodeMs);
        tokens += completion.tokens.length - 1;
      },
      failed: (sample, { message }) => void failures.push(`sample ${sample}: ${message}`),
    },
  );
  await group.done;
  if (failures[0] !== undefined) throw new MeasuringError(failures[0]);
  if (tokens === 0) throw new MeasuringError("every completion ended with its first token");
  return { prefillMs, decodeMs: (longest * count * steps) / tokens }; // A completion may have ended early.
}
