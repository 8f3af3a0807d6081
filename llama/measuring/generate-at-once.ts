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

const MOST_TRIES = 8;

/**
 * Generates `count` completions of one prompt at once, free of truncation; again with other draws where they end early.
 *
 * @param turn - names the draws
 * @throws {MeasuringError} when a completion fails, or they end early every time
 */
export async function generateAtOnce(
  engine: Engine,
  prompt: Int32Array,
  count: number,
  steps: number,
  turn: number,
): Promise<GenerationTimes> {
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const { tokens, longestMs, prefillMs } = await generateOnce(
      engine,
      prompt,
      count,
      steps,
      `${turn}/${attempt}`,
    );
    if (tokens >= (count * steps) / 2) return { prefillMs, decodeMs: (longestMs * count * steps) / tokens };
  }
  throw new MeasuringError(`the model ends its completions before ${steps} tokens, whatever is drawn`);
}

/** `tokens` are those after the first of each completion. */
async function generateOnce(engine: Engine, prompt: Int32Array, count: number, steps: number, draws: string) {
  const samples = Array.from({ length: count }, (_, sample) => ({
    sample,
    key: randomKey(`bench/${draws}/${sample}`),
  }));
  const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: steps + 1, stop: [] };
  const failures: string[] = [];
  let prefillMs = 0;
  let longestMs = 0;
  let tokens = 0;
  const group = engine.generate(
    { task: `bench-${draws}`, prompt, samples, sampling },
    {
      finished: (completion) => {
        prefillMs = Math.max(prefillMs, completion.timings.prefillMs);
        longestMs = Math.max(longestMs, completion.timings.decodeMs);
        tokens += completion.tokens.length - 1;
      },
      failed: (sample, { message }) => void failures.push(`sample ${sample}: ${message}`),
    },
  );
  await group.done;
  if (failures[0] !== undefined) throw new MeasuringError(failures[0]);
  return { tokens, longestMs, prefillMs };
}
