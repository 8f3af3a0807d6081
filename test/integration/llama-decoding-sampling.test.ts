import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../core/index.ts";
import type { Engine } from "../../llama/index.ts";
import { openDecoding, somePrompt } from "../support/decoding.ts";
import { generateGroup } from "../support/generation.ts";
import { logSoftmax, readLogits, type Truncation, truncate } from "../support/raw-logits.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const prompt = somePrompt(16);
const SAMPLES = 3000;

let folder: TemporaryFolder;
let gguf: string;
let engine: Engine;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  gguf = folder.file("model.gguf");
  await writeTinyModel(gguf, { isTied: false });
  engine = await openDecoding(gguf, { slots: 64, contextTokens: 64 });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

// Each of these fails by chance with probability 1e-6 over the keys; the keys are fixed, so each run says the same.
describe("sampled tokens are distributed as softmax(logits / temperature)", () => {
  const cases: readonly (Truncation & { temperature: number })[] = [
    { temperature: 1 },
    { temperature: 0.4 },
    { temperature: 1, topK: 12 },
    { temperature: 1, topP: 0.5 },
    { temperature: 0.5, minP: 0.1 },
    { temperature: 0.7, topK: 60, topP: 0.8, minP: 0.15 },
  ];

  it.each(cases.map((chosen) => ({ name: JSON.stringify(chosen), chosen })))(
    "with $name",
    async ({ chosen }) => {
      const { temperature, ...truncation } = chosen;
      const logits = readLogits(gguf, prompt).at(-1) as Float32Array;
      const probabilities = truncate(logSoftmax(logits, temperature), truncation);

      const counts = await countFirstTokens({ temperature, ...truncation });

      expect(counts.filter((count, token) => count > 0 && probabilities[token] === 0)).toEqual([]);
      const { statistic, freedom } = chiSquare(counts, probabilities);
      expect(freedom).toBeGreaterThanOrEqual(5);
      expect(statistic).toBeLessThan(chiSquareQuantile(freedom));
    },
  );

  it("and a distribution that is off by little is told from it", async () => {
    const logits = readLogits(gguf, prompt).at(-1) as Float32Array;

    const counts = await countFirstTokens({ temperature: 1 });

    const { statistic, freedom } = chiSquare(counts, truncate(logSoftmax(logits, 1.3), {}));
    expect(statistic).toBeGreaterThan(chiSquareQuantile(freedom));
  });

  it("at every place of a completion, given what came before", async () => {
    const sampling = { temperature: 0.8, topK: 50, maxTokens: 40 };
    const samples = Array.from({ length: 40 }, (_, sample) => sample);
    const { completions } = await generateGroup(engine, { prompt, samples, sampling });
    const next = createRandom("places in steps");

    const places = completions.flatMap(({ tokens }) => {
      const rows = readLogits(gguf, Int32Array.of(...prompt, ...tokens.slice(0, -1)));
      return rows.slice(prompt.length - 1).map((logits, index) => {
        const token = tokens[index] as number;
        const probabilities = truncate(logSoftmax(logits, 0.8), { topK: 50 });
        const below = probabilities.slice(0, token).reduce((sum, share) => sum + share, 0);
        return below + next() * (probabilities[token] as number);
      });
    });

    // The distribution function of a draw, spread over its step, is uniform (Rosenblatt, 1952).
    expect(places.length).toBeGreaterThan(1200);
    const counts = Array.from(
      { length: 40 },
      (_, bin) => places.filter((u) => Math.floor(u * 40) === bin).length,
    );
    const { statistic, freedom } = chiSquare(
      counts,
      counts.map(() => 1 / 40),
    );
    expect(statistic).toBeLessThan(chiSquareQuantile(freedom));
  });
});

describe("at temperature 0", () => {
  it("each token is the likeliest, whatever the key and the truncation", async () => {
    const sampling = { temperature: 0, topK: 3, topP: 0.5, minP: 0.5, maxTokens: 30 };

    const { completions } = await generateGroup(engine, { prompt, sampling, samples: [0, 1, 2] });

    for (const { tokens, logq } of completions) {
      const rows = readLogits(gguf, Int32Array.of(...prompt, ...tokens.slice(0, -1)));
      const likeliest = rows.slice(prompt.length - 1).map((logits) => logits.indexOf(Math.max(...logits)));
      expect([...tokens]).toEqual(likeliest);
      expect(logq).toHaveLength(0);
    }
    expect(completions).toHaveLength(3);
  });
});

/** How often each token comes first after the prompt. */
async function countFirstTokens(sampling: Truncation & { temperature: number }): Promise<number[]> {
  const samples = Array.from({ length: SAMPLES }, (_, sample) => sample);
  const { completions } = await generateGroup(engine, {
    prompt,
    samples,
    sampling: { maxTokens: 1, ...sampling },
  });
  const counts = Array.from({ length: 272 }, () => 0);
  for (const { tokens } of completions) counts[tokens[0] as number] = (counts[tokens[0] as number] ?? 0) + 1;
  expect(completions).toHaveLength(SAMPLES);
  return counts;
}

/** Pearson's statistic; what is expected fewer than 5 times is one class. */
function chiSquare(counts: readonly number[], probabilities: readonly number[]) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const classes = [{ count: 0, expected: 0 }];
  for (const [index, count] of counts.entries()) {
    const expected = total * (probabilities[index] as number);
    const rest = classes[0] as { count: number; expected: number };
    if (expected >= 5) classes.push({ count, expected });
    else Object.assign(rest, { count: rest.count + count, expected: rest.expected + expected });
  }
  const used = classes.filter(({ expected }) => expected > 0);
  const statistic = used.reduce((sum, { count, expected }) => sum + (count - expected) ** 2 / expected, 0);
  return { statistic, freedom: used.length - 1 };
}

/** What a χ² of so many degrees of freedom exceeds with probability 1e-6 (Wilson and Hilferty, 1931). */
function chiSquareQuantile(freedom: number): number {
  const deviations = 4.7534; // Of a normal variable, at 1e-6.
  return freedom * (1 - 2 / (9 * freedom) + deviations * Math.sqrt(2 / (9 * freedom))) ** 3;
}
