/**
 * How often a group's prompt is evaluated for generation, counted by the engine.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { randomKey } from "../../core/index.ts";
import { openEngine } from "../../llama/index.ts";
import type { Bench } from "../row.ts";

const MODEL = fileURLToPath(new URL("../../examples/demo/model/demo-q8_0.gguf", import.meta.url));
const GROUP = 16;
const PROMPT = Int32Array.from({ length: 150 }, (_, index) => 1 + ((index * 7) % 250));

/** Row `prefill-generation`: with fewer slots than samples, so that some start when others have ended. */
export const prefillGenerationBench: Bench = {
  name: "prefill-generation",
  async measure() {
    await using engine = await openEngine({
      gguf: MODEL,
      device: "cpu",
      slots: 6,
      contextTokens: 256,
      threads: 1,
      template: "raw",
      exact: false,
    });
    const samples = Array.from({ length: GROUP }, (_, sample) => ({ sample, key: randomKey(`${sample}`) }));
    const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: 32, stop: [] };
    const failures: string[] = [];
    const sink = {
      finished: () => {},
      failed: (_: number, { message }: { message: string }) => void failures.push(message),
    };
    await engine.generate({ task: "group", prompt: PROMPT, samples, sampling }, sink).done;
    if (failures.length > 0) throw new Error(failures[0]);
    return [
      {
        id: "prefill-generation",
        what: `prompt tokens evaluated to generate a group of ${GROUP} in 6 slots, in prompts`,
        value: (await engine.status()).prefillTokens / PROMPT.length,
        unit: "prompts",
        atMost: 1,
      },
    ];
  },
};
