import { randomKey } from "../core/index.ts";
import type { Engine } from "../llama/index.ts";

/**
 * Generates `count` completions of one prompt at once, free of truncation. Returns the milliseconds that `steps` decode
 * steps took: from the first token, drawn from the prompt's logits, to the last.
 *
 * @param turn - names the draws
 */
export async function generateAtOnce(
  engine: Engine,
  prompt: Int32Array,
  count: number,
  steps: number,
  turn: number,
): Promise<number> {
  const samples = Array.from({ length: count }, (_, sample) => ({
    sample,
    key: randomKey(`bench/${turn}/${sample}`),
  }));
  const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: steps + 1, stop: [] };
  const failures: string[] = [];
  let longest = 0;
  let tokens = 0;
  const group = engine.generate(
    { task: `bench-${turn}`, prompt, samples, sampling },
    {
      finished: (completion) => {
        longest = Math.max(longest, completion.timings.decodeMs);
        tokens += completion.tokens.length - 1;
      },
      failed: (sample, { message }) => void failures.push(`sample ${sample}: ${message}`),
    },
  );
  await group.done;
  if (failures.length > 0) throw new Error(failures[0]);
  return (longest * count * steps) / tokens; // A completion may have ended early.
}
