/**
 * What happens until a decision of now can tell: one start-up and one completion from now.
 *
 * @module
 */
import type { SizedPool } from "./choose-workers.ts";
import type { Demand } from "./decide-replicas.ts";

/** One horizon ahead. */
export interface Forecast {
  readonly horizonSeconds: number;
  /** Tokens/s of the workers that are there or starting. */
  readonly supply: number;
  /** Tokens/s at which the updater uses tokens, over the horizon. */
  readonly usedPerSecond: number;
  /** Steps ahead of the updater now, what is left of the one in training included. */
  readonly stockSteps: number;
  /** Whether the stock falls below its band. */
  readonly isLow: boolean;
  /** Tokens/s that keep up with the updater and bring the stock back to the middle of its band. */
  readonly targetPerSecond: number;
  /** Tokens that can be sampled within the horizon and still be used. */
  readonly usableTokens: number;
  /** Tokens that the workers can sample within the horizon. */
  readonly supplyTokens: number;
  /** Tokens/s of the workers that what is issued already keeps at work. */
  readonly atWorkPerSecond: number;
}

/** Until the first step is trained, the updater is taken to use up a whole window in so many seconds. */
const FIRST_WINDOW_SECONDS = 600;
/** The lower edge of the band, in steps: the one that the updater takes next, */
const LOW_STEPS = 1;
/** and a share of those that it takes within the horizon, since a forecast errs with its length. */
const LOW_SHARE = 0.2;
/** The upper edge lies so much below the window, which the step in training never fills alone. */
const HIGH_BELOW = 0.5;
/** How much of the rate the correction takes at either edge of the band. */
const CORRECTION = 0.02;
/** A group ends with its longest completion: so many of its mean. */
const LONGEST = 2;

/** Foresees, with the workers that are asked for now. */
export function foresee(demand: Demand, pools: readonly SizedPool[]): Forecast {
  const { stepTokens, openTokens, laterTokens } = demand;
  const horizonSeconds = horizonOf(pools);
  const supply = sum(pools, ({ rate, ready, starting }) => rate * (ready + starting));
  const supplyTokens = sum(pools, (pool) => tokensOf(pool, horizonSeconds));
  const usedSteps = stepsUsed(demand, horizonSeconds);
  const stockSteps = stockOf(demand);
  const stockLater = stockSteps + supplyTokens / stepTokens - usedSteps;
  const band = bandOf(demand, horizonSeconds);
  const usedPerSecond = (stepTokens * usedSteps) / horizonSeconds;
  const lackingTokens = stepTokens * Math.max(0, band.low - stockLater);
  const isEnding = laterTokens <= usedSteps * stepTokens;
  const issuedTokens = openTokens + (isEnding ? laterTokens : 0);
  return {
    horizonSeconds,
    supply,
    usedPerSecond,
    stockSteps,
    isLow: stockLater < band.low,
    targetPerSecond: usedPerSecond * (1 + correction(stockSteps, band)) + lackingTokens / horizonSeconds,
    usableTokens: openTokens + Math.min(usedSteps * stepTokens, laterTokens),
    supplyTokens,
    atWorkPerSecond: Math.min(supply, issuedTokens / completionSeconds(pools)),
  };
}

/** Between these the stock is left alone, in steps. */
interface Band {
  readonly low: number;
  readonly high: number;
}

function bandOf(demand: Demand, horizonSeconds: number): Band {
  const { windowSteps } = demand;
  const wanted = LOW_STEPS + (LOW_SHARE * horizonSeconds) / stepSecondsOf(demand);
  return {
    low: Math.min(wanted, Math.max(LOW_STEPS, windowSteps - LOW_STEPS - HIGH_BELOW)),
    high: Math.max(windowSteps - HIGH_BELOW, LOW_STEPS),
  };
}

/** Of the slowest pool that works. */
function completionSeconds(pools: readonly SizedPool[]): number {
  return Math.max(1, ...pools.map(({ ready, completionSeconds }) => (ready > 0 ? completionSeconds : 0)));
}

/** The longest over the pools that could still grow, or else of those that work. */
function horizonOf(pools: readonly SizedPool[]): number {
  const growing = pools.filter(({ room }) => room > 0);
  const considered = growing.length > 0 ? growing : pools;
  return Math.max(1, ...considered.map((pool) => pool.startSeconds + LONGEST * pool.completionSeconds));
}

function tokensOf({ rate, ready, starting, startsInSeconds }: SizedPool, horizonSeconds: number): number {
  return rate * (ready * horizonSeconds + starting * Math.max(0, horizonSeconds - startsInSeconds));
}

/**
 * Steps that the updater uses up within `seconds`. One that is overdue is foreseen to be overdue for as long again: the
 * longer it hangs, the longer it will.
 */
function stepsUsed(demand: Demand, seconds: number): number {
  const stepSeconds = stepSecondsOf(demand);
  const overdue = Math.max(0, (demand.trainingSeconds ?? 0) - stepSeconds);
  return Math.max(0, seconds - overdue) / stepSeconds;
}

function stockOf(demand: Demand): number {
  const { readySteps, trainingSeconds, evaluationTokens, stepTokens } = demand;
  const inTraining = trainingSeconds === null ? 0 : Math.max(0, 1 - trainingSeconds / stepSecondsOf(demand));
  return readySteps + inTraining - evaluationTokens / stepTokens;
}

/** As measured; a guess before the first step is trained. */
function stepSecondsOf({ stepSeconds, windowSteps }: Demand): number {
  return stepSeconds ?? FIRST_WINDOW_SECONDS / windowSteps;
}

/** From + at an empty stock to − at a full one. */
function correction(stockSteps: number, { low, high }: Band): number {
  const reach = Math.max((high - low) / 2, 0.5);
  return CORRECTION * Math.max(-1, Math.min(1, ((low + high) / 2 - stockSteps) / reach));
}

function sum(pools: readonly SizedPool[], of: (pool: SizedPool) => number): number {
  return pools.reduce((total, pool) => total + of(pool), 0);
}
