/**
 * What the policies are compared on. Sizes are those of an 8B model scaled down: 16 groups of 8 a step, a thousand
 * tokens a completion, 75 seconds of training a step, three pools.
 *
 * @module
 */

/** A pool of the simulated cluster. */
export interface ScenarioPool {
  readonly name: string;
  readonly max: number;
  /** Of a worker for an hour. */
  readonly cost: number;
  readonly slots: number;
  /** With all slots at work. */
  readonly tokensPerSecond: number;
  /** Mean; pods differ by a fifth. */
  readonly startSeconds: number;
}

/** Machines of a pool that are taken away without notice, and come back. */
export interface Outage {
  readonly pool: string;
  readonly atSeconds: number;
  readonly seconds: number;
  /** Of all workers that are there. */
  readonly share: number;
}

/** One scenario. Everything in it is fixed before it runs, whatever a policy does. */
export interface Scenario {
  readonly name: string;
  /** One line. */
  readonly title: string;
  readonly pools: readonly ScenarioPool[];
  readonly steps: number;
  readonly outages: readonly Outage[];
  /** Mean training time of a step. */
  stepSeconds(step: number): number;
  /** Mean tokens of a completion of the group at this place in the order of prompts. */
  tokens(ordinal: number): number;
  /** Share of groups at this place that teach something; the others are sampled again with other prompts. */
  signal(ordinal: number): number;
}

/** Groups of a step, samples of a group, and the staleness bound, in all scenarios. */
export const GROUPS = 16;
export const GROUP = 8;
export const STALENESS = 4;
/** Longest completion. */
export const MAX_TOKENS = 4096;

const STEP_SECONDS = 75;
const TOKENS = 1_000;
const SIGNAL = 0.9;
const STEPS = 100;

function pools(startSeconds: number): ScenarioPool[] {
  return [
    { name: "fixed", max: 6, cost: 4, slots: 8, tokensPerSecond: 400, startSeconds },
    { name: "spot", max: 10, cost: 1.2, slots: 8, tokensPerSecond: 250, startSeconds },
    { name: "small", max: 12, cost: 0.5, slots: 4, tokensPerSecond: 75, startSeconds },
  ];
}

const STEADY: Scenario = {
  name: "steady",
  title: "the same work all the time",
  pools: pools(60),
  steps: STEPS,
  outages: [],
  stepSeconds: () => STEP_SECONDS,
  tokens: () => TOKENS,
  signal: () => SIGNAL,
};

/** The scenarios, in the order of the issue. */
export const SCENARIOS: readonly Scenario[] = [
  STEADY,
  {
    ...STEADY,
    name: "bursty",
    title: "every 400 groups, 200 of which half teach nothing and whose replies are half as long again",
    tokens: (ordinal) => (isBurst(ordinal) ? 1.5 * TOKENS : TOKENS),
    signal: (ordinal) => (isBurst(ordinal) ? 0.5 : SIGNAL),
  },
  {
    ...STEADY,
    name: "spot storm",
    title:
      "three times a fifth of all workers is taken without notice, and their machines for fifteen minutes",
    outages: [1_800, 3_900, 6_000].map((atSeconds) => ({
      pool: "spot",
      atSeconds,
      seconds: 900,
      share: 0.2,
    })),
  },
  {
    ...STEADY,
    name: "cold starts",
    title: "four minutes from the decision to the first token, in the bursty work",
    pools: pools(240),
    tokens: (ordinal) => (isBurst(ordinal) ? 1.5 * TOKENS : TOKENS),
    signal: (ordinal) => (isBurst(ordinal) ? 0.5 : SIGNAL),
  },
  {
    ...STEADY,
    name: "stalling updater",
    title: "three steps take the updater a quarter of an hour longer",
    stepSeconds: (step) => STEP_SECONDS + ([25, 50, 75].includes(step) ? 900 : 0),
  },
];

function isBurst(ordinal: number): boolean {
  return ordinal % 600 >= 400;
}
