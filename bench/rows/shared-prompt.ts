/**
 * A gradient step over a group whose prompt is computed once, against the same step with each sequence whole.
 *
 * @module
 */
import { median } from "../../core/index.ts";
import { forwardBackward } from "../../llama/index.ts";
import { BENCH_MODEL, benchGroup, openBenchGradient, secondsOf } from "../gradient-model.ts";
import type { Bench, Row } from "../row.ts";

const GROUP = { prompt: 2_000, completions: 16, tokens: 150 };
/** Pairs of measurements, one after the other. */
const PAIRS = 3;

/** Rows `prefill-gradient` and `shared-prompt`. */
export const sharedPromptBench: Bench = {
  name: "shared-prompt",
  async measure(): Promise<Row[]> {
    await using engine = await openBenchGradient();
    const group = benchGroup("shared prompt", GROUP);
    const alone = group.slice(0, 1);
    // Without a common prompt, so that nothing is shared.
    const together = ["first", "second"].flatMap((name) => benchGroup(name, { ...GROUP, completions: 1 }));
    const secondsEach = async (sequences: typeof group) =>
      (await secondsOf(() => forwardBackward(engine, sequences))) / sequences.length;
    const unshared = (await secondsEach(together)) < (await secondsEach(alone)) ? together : alone;

    const ratios: number[] = [];
    let evaluated = 0;
    for (let pair = 0; pair < PAIRS; pair++) {
      const shared = await secondsOf(async () => {
        evaluated = await forwardBackward(engine, group);
      });
      ratios.push((GROUP.completions * (await secondsEach(unshared))) / shared);
      await engine.takeGradients();
    }
    const completionTokens = GROUP.completions * (GROUP.tokens - 1); // Nothing is predicted from the last.
    const shape = `a group of ${GROUP.completions} × ${GROUP.tokens} tokens after a prompt of ${GROUP.prompt.toLocaleString("en")}`;
    return [
      {
        id: "prefill-gradient",
        what: `prompts that went through the layers, forward and backward, for ${shape}`,
        value: (evaluated - completionTokens) / GROUP.prompt,
        unit: "prompts",
        atMost: 1,
      },
      {
        id: "shared-prompt",
        what: `a gradient step, ${BENCH_MODEL}, one thread, ${shape}, against the step with each sequence whole (${unshared.length} in a micro-batch, the faster of 1 and 2; one micro-batch measured for all, which are alike); median of ${PAIRS} pairs`,
        value: median(ratios),
        unit: "×",
        atLeast: 4.5,
      },
    ];
  },
};
