import type { StepPoint } from "../index.ts";
import type { ChartSpec } from "./series.ts";

const trained = (value: (step: StepPoint) => number) => (step: StepPoint) =>
  step.skipped === null ? value(step) : null;

function one(
  title: string,
  about: string,
  unit: ChartSpec["unit"],
  value: (step: StepPoint) => number | null,
  more: Partial<ChartSpec> = {},
): ChartSpec {
  return {
    title,
    about,
    unit,
    lines: () => [{ name: title, colour: 0, isSparse: false }],
    value: (step) => value(step),
    ...more,
  };
}

function several(
  title: string,
  about: string,
  unit: ChartSpec["unit"],
  lines: Readonly<Record<string, (step: StepPoint) => number | null>>,
  more: Partial<ChartSpec> = {},
): ChartSpec {
  return {
    title,
    about,
    unit,
    lines: () => Object.keys(lines).map((name, colour) => ({ name, colour, isSparse: false })),
    value: (step, name) => lines[name]?.(step) ?? null,
    ...more,
  };
}

/** The charts of the run page, in their order. */
export const CHARTS: readonly ChartSpec[] = [
  one(
    "reward",
    "mean over all rollouts that came for the step, groups without signal included",
    "number",
    (step) => step.meanReward,
    { heldOut: "reward" },
  ),
  one("exact", "share of rollouts that are the true change", "share", (step) => step.exactRate, {
    heldOut: "exactRate",
  }),
  one("well-formed", "share of rollouts in the right format", "share", (step) => step.formatRate, {
    heldOut: "formatRate",
  }),
  one(
    "entropy",
    "of the policy at the sampled tokens, mean, in nats",
    "number",
    trained((step) => step.entropy),
  ),
  one(
    "KL",
    "to the policy that the run started from, per token, in nats",
    "number",
    trained((step) => step.kl),
  ),
  several("ratio", "trainer over sampler, before clipping", "number", {
    mean: trained((step) => step.ratio.mean),
    max: trained((step) => step.ratio.max),
  }),
  {
    title: "gap",
    about: "|log trainer − log sampler| of the tokens that each variant of the base sampled, mean, in nats",
    unit: "number",
    lines: ({ steps }) =>
      [...new Set(steps.flatMap(({ gaps }) => gaps.map(({ variant }) => variant)))]
        .sort()
        .map((name, colour) => ({ name, colour, isSparse: false })),
    value: ({ gaps }, name) => gaps.find(({ variant }) => variant === name)?.meanAbs ?? null,
  },
  one(
    "clipped",
    "share of loss tokens whose ratio was clipped",
    "share",
    trained((step) => step.clippedShare),
  ),
  one(
    "gradient norm",
    "before clipping",
    "number",
    trained((step) => step.gradientNorm),
  ),
  several("staleness", "policy versions between sampling and training, of the step's batch", "number", {
    mean: trained((step) => step.staleness.mean),
    max: trained((step) => step.staleness.max),
  }),
  one("tokens per second", "sampled for the step, over the step's wall time", "number", (step) =>
    step.seconds.step === 0 ? null : step.tokens.sampled / step.seconds.step,
  ),
  several("time by phase", "the updater's seconds of each step", "seconds", {
    wait: trained((step) => step.seconds.wait),
    forward: trained((step) => step.seconds.forward),
    backward: trained((step) => step.seconds.backward),
    optimizer: trained((step) => step.seconds.optimizer),
  }),
  several("workers' time", "seconds summed over workers", "seconds", {
    generate: (step) => step.seconds.generate,
    reward: (step) => step.seconds.reward,
  }),
];
