/**
 * Gradient micro-batches on two lanes against one after the other: the same bytes, sooner.
 *
 * @module
 */
import { median } from "../../core/index.ts";
import { forwardBackwardAll } from "../../llama/index.ts";
import { BENCH_MODEL, benchGroup, openBenchGradient, secondsOf } from "../gradient-model.ts";
import type { Bench, Row } from "../row.ts";

const LANES = 2;
const MICRO_BATCHES = 4;
const GROUP = { prompt: 128, completions: 8, tokens: 32 };
const PAIRS = 5;

/** Row `parallel`. */
export const parallelBench: Bench = {
  name: "parallel",
  async measure(): Promise<Row[]> {
    await using single = await openBenchGradient();
    await using double = await openBenchGradient({ lanes: LANES });
    const groups = Array.from({ length: MICRO_BATCHES }, (_, index) => benchGroup(`group ${index}`, GROUP));

    const ratios: number[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const inTurn: Float32Array[] = [];
      const atOnce: Float32Array[] = [];
      const alone = await secondsOf(async () => inTurn.push(await forwardBackwardAll(single, groups)));
      const together = await secondsOf(async () => atOnce.push(await forwardBackwardAll(double, groups)));
      if (!sameBytes(inTurn[0], atOnce[0])) throw new Error("two lanes gave another gradient than one");
      ratios.push(alone / together);
    }
    return [
      {
        id: "parallel",
        what: `${MICRO_BATCHES} micro-batches of ${GROUP.completions} × ${GROUP.tokens} tokens after ${GROUP.prompt}, ${BENCH_MODEL}, on ${LANES} lanes of one thread against one lane, equal to the last byte; median of ${PAIRS} pairs`,
        value: median(ratios),
        unit: "×",
        atLeast: 1.6,
      },
    ];
  },
};

function sameBytes(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a !== undefined && b !== undefined && bytesOf(a).equals(bytesOf(b));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
