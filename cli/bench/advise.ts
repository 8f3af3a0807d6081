import { availableParallelism } from "node:os";
import {
  defaultOf,
  describeSettings,
  fastestDecoding,
  gainOverDefault,
  type TriedSettings,
} from "../../llama/index.ts";
import type { DecodingSpeed } from "./measure-decoding.ts";
import type { GradientSpeed } from "./measure-gradient.ts";
import type { ModelLoad } from "./model-load.ts";

/** Groups of the step that is reckoned. */
const PROMPTS = 8;
/** Settings that are faster by less are within what a measurement is off. */
const LEAST_GAIN = 1.05;
const MILLISECONDS = 1_000;

/** Which figures limit a run with this load here, and what to change; one sentence a line. */
export function advise(load: ModelLoad, decoding: DecodingSpeed, gradient: GradientSpeed): string[] {
  return [
    stepSentence(load, decoding, gradient),
    ...slotSentences(load, decoding),
    ...(load.device === "cpu" ? settingsSentences(decoding.tried) : []),
    ...laneSentences(load, gradient),
  ];
}

function stepSentence(load: ModelLoad, decoding: DecodingSpeed, gradient: GradientSpeed): string {
  const { promptTokens, completionTokens, group } = load;
  const sampling =
    PROMPTS *
    (promptTokens / decoding.promptTokensPerSecond + (group * completionTokens) / decoding.tokensPerSecond);
  const training = (PROMPTS * (promptTokens + group * completionTokens)) / gradient.tokensPerSecond;
  const step = `a step of ${PROMPTS} prompts × ${group} completions samples for ${seconds(sampling)} on one such worker and trains for ${seconds(training)}`;
  const workers = Math.ceil(sampling / training);
  if (workers > 1)
    return `sampling limits a run: ${step}, so that ${workers} such workers, each on cores of its own, keep one updater busy`;
  return `the gradient limits a run: ${step}; a faster device for the updater, or more grpo.lanes where cores are free, shortens it`;
}

function seconds(value: number): string {
  if (value < 1) return `${Math.round(MILLISECONDS * value)} ms`;
  return `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en")} s`;
}

/** Whether fewer slots would sample more. */
function slotSentences({ slots }: ModelLoad, { tokensPerSecond, fewer }: DecodingSpeed): string[] {
  const [best] = fewer.toSorted((a, b) => b.tokensPerSecond - a.tokensPerSecond);
  if (best === undefined || best.tokensPerSecond < LEAST_GAIN * tokensPerSecond) return [];
  const gain = (best.tokensPerSecond / tokensPerSecond).toFixed(2);
  return [
    `slots: ${best.slots} sample ${gain} times as many tokens a second as ${slots}, since each row scans the cells of all that run beside it`,
  ];
}

/** What `model.decoding` could say, as far as an engine can be told it: its cells are one stretch. */
function settingsSentences(tried: readonly TriedSettings[]): string[] {
  const usual = defaultOf(tried);
  if (usual === undefined) return [];
  const gain = gainOverDefault(tried);
  if (gain < LEAST_GAIN) return ["model.decoding: no setting is faster here than the default by 5 % or more"];
  const { flashAttention, cells, repacked } = fastestDecoding(tried);
  const yaml = `{ flashAttention: ${flashAttention}, cells: ${cells}, repacked: ${repacked} }`;
  const prices = [
    "; a seed gives other tokens than with the default",
    ...(repacked ? [", and alone than in full slots; each worker holds its own copy of the weights"] : []),
    ...(cells === "f32" ? ["; cells take twice the memory"] : []),
  ];
  return [
    `model.decoding: ${yaml} made llama_decode alone ${gain.toFixed(2)} times as fast as ${describeSettings(usual)}${prices.join("")}`,
  ];
}

function laneSentences({ device, lanes }: ModelLoad, gradient: GradientSpeed): string[] {
  const cores = availableParallelism();
  if (device !== "cpu" || gradient.lanes > 1 || cores === 1 || lanes > 1) return [];
  return [
    `grpo.lanes: this machine has ${cores} cores; measure with --lanes ${cores} where no worker shares them`,
  ];
}
