import type { Engine } from "../decoding/engine.ts";
import { generateGroup, MeasuringError } from "./generate-group.ts";

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
    const draws = Array.from({ length: count }, (_, sample) => `bench/${turn}/${attempt}/${sample}`);
    const completions = await generateGroup(engine, prompt, draws, steps + 1);
    const tokens = completions.reduce((sum, completion) => sum + completion.tokens.length - 1, 0);
    if (tokens < (count * steps) / 2) continue;
    const longest = (of: "prefillMs" | "decodeMs") =>
      Math.max(...completions.map(({ timings }) => timings[of]));
    return { prefillMs: longest("prefillMs"), decodeMs: (longest("decodeMs") * count * steps) / tokens };
  }
  throw new MeasuringError(`the model ends its completions before ${steps} tokens, whatever is drawn`);
}
