import { createRandom } from "../../core/index.ts";
import { GROUP, GROUPS, MAX_TOKENS, type Scenario } from "./scenarios.ts";

/** What a scenario's prompts and steps turn out to be: the same for every policy. */
export interface Workload {
  /** The group at this place in the order of prompts. */
  group(ordinal: number): SimulatedGroup;
  /** How long the updater trains a step. */
  stepSeconds(step: number): number;
  /** Tokens that are sampled for each step when groups are taken in their order; from step 1 on. */
  readonly tokensByStep: readonly number[];
}

/** One prompt's completions. */
export interface SimulatedGroup {
  readonly lengthsG: readonly number[];
  readonly hasSignal: boolean;
}

const SHORTEST = 32;
/** Of the logarithm of a completion's length. */
const SPREAD = 0.6;
/** Of a step's training time, around its mean. */
const STEP_SPREAD = 0.05;

/** Draws a scenario. @param seed - another one, another run of the same scenario */
export function drawWorkload(scenario: Scenario, seed: number): Workload {
  const groups: SimulatedGroup[] = [];
  const next = createRandom(`${scenario.name}/${seed}/groups`);
  const nextStep = createRandom(`${scenario.name}/${seed}/steps`);
  const stepSeconds = Array.from(
    { length: scenario.steps + 1 },
    (_, step) => scenario.stepSeconds(step) * (1 + STEP_SPREAD * (2 * nextStep() - 1)),
  );

  function group(ordinal: number): SimulatedGroup {
    while (groups.length <= ordinal) {
      const mean = scenario.tokens(groups.length);
      const hasSignal = next() < scenario.signal(groups.length);
      groups.push({
        hasSignal,
        lengthsG: Array.from({ length: GROUP }, () => lengthOf(mean, next(), next())),
      });
    }
    return groups[ordinal] as SimulatedGroup;
  }

  return {
    group,
    stepSeconds: (step) => stepSeconds[step] ?? 0,
    tokensByStep: tokensByStep(scenario.steps, group),
  };
}

/** Log-normal with this mean, by Box and Muller. */
function lengthOf(mean: number, first: number, second: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second);
  const length = mean * Math.exp(SPREAD * normal - SPREAD ** 2 / 2);
  return Math.round(Math.min(MAX_TOKENS, Math.max(SHORTEST, length)));
}

function tokensByStep(steps: number, group: (ordinal: number) => SimulatedGroup): number[] {
  let ordinal = 0;
  return Array.from({ length: steps }, () => {
    let tokens = 0;
    for (let useful = 0; useful < GROUPS; ordinal++) {
      const { lengthsG, hasSignal } = group(ordinal);
      tokens += lengthsG.reduce((sum, length) => sum + length, 0);
      useful += Number(hasSignal);
    }
    return tokens;
  });
}
