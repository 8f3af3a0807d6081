/**
 * The gradient engine on the demo's model: tokens a second, forward and backward.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { createRandom } from "../../core/index.ts";
import { openGradientEngine, PROJECTIONS } from "../../llama/index.ts";
import type { Bench, Row } from "../row.ts";

const MODEL = fileURLToPath(new URL("../../examples/demo/model/demo-q8_0.gguf", import.meta.url));
const SEQUENCES = 16;
const PROMPT_TOKENS = 80;
const TOKENS = 160;
const TURNS = 3;

/** Row `gradient-lora`. */
export const gradientBench: Bench = {
  name: "gradient",
  async measure(): Promise<Row[]> {
    const trainable = { kind: "lora", rank: 16, alpha: 32, targets: PROJECTIONS } as const;
    await using engine = await openGradientEngine({ gguf: MODEL, device: "cpu", threads: 1, trainable });
    const next = createRandom("gradient bench");
    const token = () => Math.floor(next() * engine.model.vocabulary);
    const sequences = Array.from({ length: SEQUENCES }, () => ({
      tokens: Int32Array.from({ length: TOKENS }, token),
      from: PROMPT_TOKENS,
    }));
    let best = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      const start = performance.now();
      const { logpT } = await engine.forward({ temperature: 1, sequences }, "trained");
      await engine.backward(logpT.map(() => -1 / logpT.length));
      await engine.takeGradients();
      best = Math.max(best, (1_000 * SEQUENCES * TOKENS) / (performance.now() - start));
    }
    return [
      {
        id: "gradient-lora",
        what: `forward and backward, demo model, LoRA of rank 16, ${SEQUENCES} sequences of ${TOKENS} tokens, one thread`,
        value: best,
        unit: "tokens/s",
      },
    ];
  },
};
