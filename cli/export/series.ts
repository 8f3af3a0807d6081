import type { Summary } from "../../coordinator/index.ts";

type StepReport = Summary["steps"][number];

/** What is known of every step, by the name that curves, tables and TensorBoard give it. */
export const STEP_SERIES: Readonly<Record<string, (step: StepReport) => number>> = {
  "train/reward": (step) => step.meanReward,
  "train/format_rate": (step) => step.formatRate,
  "train/exact_rate": (step) => step.exactRate,
  "train/rollouts": (step) => step.rollouts,
  "train/refilled_groups": (step) => step.refilledGroups,
  "train/kl": (step) => step.kl,
  "train/entropy": (step) => step.entropy,
  "train/ratio_mean": (step) => step.ratio.mean,
  "train/ratio_max": (step) => step.ratio.max,
  "train/clipped_share": (step) => step.clippedShare,
  "train/gradient_norm": (step) => step.gradientNorm,
  "train/learning_rate": (step) => step.learningRate,
  "train/staleness_mean": (step) => step.staleness.mean,
  "train/staleness_max": (step) => step.staleness.max,
  "tokens/sampled": (step) => step.tokens.sampled,
  "tokens/trained": (step) => step.tokens.trained,
  "seconds/step": (step) => step.seconds.step,
  "seconds/generate": (step) => step.seconds.generate,
  "seconds/reward": (step) => step.seconds.reward,
  "seconds/wait": (step) => step.seconds.wait,
  "seconds/forward": (step) => step.seconds.forward,
  "seconds/backward": (step) => step.seconds.backward,
  "seconds/optimizer": (step) => step.seconds.optimizer,
};

/** One value of a curve. */
export interface Point {
  readonly step: number;
  /** In milliseconds since the epoch; 0 where it is not known. */
  readonly atMs: number;
  readonly name: string;
  readonly value: number;
}

/** Every value of a run, step by step; held-out scores with the step that their version came of. */
export function pointsOf({ steps, heldOut }: Pick<Summary, "steps" | "heldOut">): Point[] {
  const endOf = new Map(steps.map(({ step, endedAt }) => [step, endedAt ?? 0]));
  const trained = steps.flatMap((report) =>
    Object.entries(STEP_SERIES).map(([name, value]) => ({
      step: report.step,
      atMs: report.endedAt ?? 0,
      name,
      value: value(report),
    })),
  );
  const scored = heldOut.rounds.flatMap(({ version, temperature, reward, formatRate, exactRate }) => {
    const at = { step: version, atMs: endOf.get(version) ?? 0 };
    const under = `held_out_at_${temperature}`;
    return [
      { ...at, name: `${under}/reward`, value: reward },
      { ...at, name: `${under}/format_rate`, value: formatRate },
      { ...at, name: `${under}/exact_rate`, value: exactRate },
    ];
  });
  return [...trained, ...scored];
}
