import type { Figures } from "./figures.ts";
import { createClairvoyantPolicy } from "./policies/clairvoyant.ts";
import { createOwnPolicy } from "./policies/ours.ts";
import { createQueueLengthPolicy } from "./policies/queue-length.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { simulate } from "./simulate.ts";
import { drawWorkload } from "./workload.ts";

/** One scenario under the three policies. */
export interface Comparison {
  readonly scenario: Scenario;
  readonly ours: Figures;
  readonly clairvoyant: Figures;
  readonly queueLength: Figures;
}

/** Runs every scenario under every policy. @param seed - another one, other draws */
export function compareAll(seed: number): Comparison[] {
  return SCENARIOS.map((scenario) => {
    const workload = drawWorkload(scenario, seed);
    return {
      scenario,
      ours: simulate(scenario, workload, seed, createOwnPolicy()),
      clairvoyant: simulate(scenario, workload, seed, createClairvoyantPolicy()),
      queueLength: simulate(scenario, workload, seed, createQueueLengthPolicy()),
    };
  });
}

/** The draws that figures are the means of. */
export const SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6];

/** The means over several comparisons of the same scenarios; what is drawn is the first one's. */
export function meanOf(comparisons: readonly (readonly Comparison[])[]): Comparison[] {
  const [first = []] = comparisons;
  return first.map((comparison, s) => {
    const mean = (policy: "ours" | "clairvoyant" | "queueLength") =>
      meanFigures(comparisons.map((scenarios) => (scenarios[s] as Comparison)[policy]));
    return {
      scenario: comparison.scenario,
      ours: mean("ours"),
      clairvoyant: mean("clairvoyant"),
      queueLength: mean("queueLength"),
    };
  });
}

function meanFigures(figures: readonly Figures[]): Figures {
  const mean = (of: (figures: Figures) => number) =>
    figures.reduce((sum, each) => sum + of(each), 0) / figures.length;
  return {
    seconds: mean(({ seconds }) => seconds),
    idleShare: mean(({ idleShare }) => idleShare),
    starvedShare: mean(({ starvedShare }) => starvedShare),
    staleShare: mean(({ staleShare }) => staleShare),
    directionChanges: mean(({ directionChanges }) => directionChanges),
    cost: mean(({ cost }) => cost),
    looks: figures[0]?.looks ?? [],
  };
}
