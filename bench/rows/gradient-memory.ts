/**
 * Peak memory of a gradient step against the length of its prompt.
 *
 * @module
 */
import { forwardBackward } from "../../llama/index.ts";
import { childrenOfThis, statusBytes } from "../../test/support/peak-memory.ts";
import { BENCH_MODEL, benchGroup, openBenchGradient } from "../gradient-model.ts";
import type { Bench, Row } from "../row.ts";

const PROMPTS = [1_000, 2_000, 4_000, 8_000, 16_000];
const COMPLETION = { completions: 1, tokens: 32 };

/** Row `gradient-memory`. */
export const gradientMemoryBench: Bench = {
  name: "gradient-memory",
  async measure(): Promise<Row[]> {
    const megabytes: number[] = [];
    for (const prompt of PROMPTS) megabytes.push((await peakBytes(prompt)) / 2 ** 20);
    const peaks = PROMPTS.map(
      (prompt, index) => `${prompt / 1_000}k: ${Math.round(megabytes[index] ?? 0)} MiB`,
    );
    const growth = (megabytes.at(-1) ?? 0) / (megabytes[0] ?? 1);
    return [
      {
        id: "gradient-memory",
        what: `exponent with which the peak of a step above the opened model grows with the prompt, 1 is linear; ${BENCH_MODEL}, layers' inputs kept alone; ${peaks.join(", ")}`,
        value: Math.log(growth) / Math.log((PROMPTS.at(-1) ?? 1) / (PROMPTS[0] ?? 1)),
        unit: "",
      },
    ];
  },
};

/** Of the engine's process, above what it takes with the model alone. */
async function peakBytes(prompt: number): Promise<number> {
  const before = new Set(await childrenOfThis());
  await using engine = await openBenchGradient({ keptBytes: 0 });
  const child = (await childrenOfThis()).find((pid) => !before.has(pid)) ?? "self";
  const opened = await statusBytes(child, "VmRSS");
  await forwardBackward(engine, benchGroup(`prompt of ${prompt}`, { ...COMPLETION, prompt }));
  return (await statusBytes(child, "VmHWM")) - opened;
}
