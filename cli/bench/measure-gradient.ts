import { median } from "../../core/index.ts";
import {
  forwardBackwardAll,
  type GradientEngine,
  openGradientEngine,
  PROJECTIONS,
  randomGroup,
} from "../../llama/index.ts";
import { LoraConfig } from "../../updater/index.ts";
import type { ModelLoad } from "./model-load.ts";
import type { BenchRow } from "./row.ts";

const PAIRS = 3;

/** How fast an updater's engine is. */
export interface GradientSpeed {
  /** On all lanes; a prompt that a group shares counts once. */
  readonly tokensPerSecond: number;
  /** Micro-batches at once. */
  readonly lanes: number;
  readonly rows: readonly BenchRow[];
}

/**
 * Measures forward and backward of groups with a LoRA of the default rank: one after the other, on all lanes, and against
 * their sequences each by itself.
 *
 * @throws {FleetError} in one sentence when the model or the device cannot be used
 */
export async function measureGradient(load: ModelLoad): Promise<GradientSpeed> {
  const { rank, alpha } = LoraConfig.parse({});
  const trainable = { kind: "lora", rank, alpha, targets: PROJECTIONS } as const;
  const options = { gguf: load.gguf, device: load.device, threads: 1, trainable };
  await using all = await openGradientEngine({ ...options, lanes: load.lanes }); // A GPU has one in any case.
  const single = { ...all, lanes: 1 };
  const groups = Array.from({ length: all.lanes }, (_, index) => groupOf(load, all, `group ${index}`));
  const tokens = all.lanes * (load.promptTokens + load.group * load.completionTokens);

  const alone = groups[0]?.slice(0, 1) ?? [];
  await secondsOf(single, [alone]); // What is slow the first time.
  const inTurn: number[] = [];
  const atOnce: number[] = [];
  const whole: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    whole.push(await secondsOf(single, [alone]));
    inTurn.push(await secondsOf(single, groups));
    if (all.lanes > 1) atOnce.push(await secondsOf(all, groups));
  }
  const inTurnSeconds = median(inTurn);
  const seconds = all.lanes === 1 ? inTurnSeconds : median(atOnce);
  const of = `forward and backward, LoRA of rank ${rank}, groups of ${load.group} × ${load.completionTokens} tokens after ${load.promptTokens}`;
  const rows: BenchRow[] = [
    {
      ...{ id: "gradient", value: tokens / seconds, unit: "tokens/s" },
      what: `${of}, ${all.lanes === 1 ? "one micro-batch after the other" : `${all.lanes} micro-batches at once`}`,
    },
    {
      ...{
        id: "shared-prompt",
        value: (median(whole) * load.group * groups.length) / inTurnSeconds,
        unit: "×",
      },
      what: "such a group against its sequences each with its prompt",
    },
  ];
  if (all.lanes > 1) {
    rows.push({
      ...{ id: "parallel", value: inTurnSeconds / seconds, unit: "×" },
      what: `${all.lanes} micro-batches at once against one after the other`,
    });
  }
  return { tokensPerSecond: tokens / seconds, lanes: all.lanes, rows };
}

function groupOf(
  { promptTokens, completionTokens, group }: ModelLoad,
  { model }: GradientEngine,
  name: string,
) {
  const sizes = { prompt: promptTokens, completions: group, tokens: completionTokens };
  return randomGroup(name, model.vocabulary, sizes);
}

async function secondsOf(
  engine: GradientEngine,
  groups: Parameters<typeof forwardBackwardAll>[1],
): Promise<number> {
  const from = performance.now();
  await forwardBackwardAll(engine, groups);
  return (performance.now() - from) / 1_000;
}
