/**
 * How many workers each pool is to have. Pure: from what can still be used, how fast it is sampled and how fast it is
 * used, to replicas.
 *
 * What is sampled and not yet trained is a stock, which the staleness bound caps. What is decided now tells only after
 * a start-up and a completion: the horizon. So the fleet is left alone while the stock, foreseen one horizon ahead,
 * stays within its band. Below the band the fleet grows; where the workers would have more time than there are usable
 * tokens, it shrinks; both to the rate at which the updater uses tokens, corrected so that the stock goes back to the
 * middle of its band.
 *
 * @module
 */
import { addWorkers, keepWorkers, leastWorkers, removeWorkers, type SizedPool } from "./choose-workers.ts";
import { type Forecast, foresee } from "./foresee.ts";

/** What the updater can still use. Steps and tokens are those of this run as measured so far. */
export interface Demand {
  /** Sampled tokens that a step takes, groups without signal included. */
  readonly stepTokens: number;
  /** How long the updater trains a step; null while none was trained. */
  readonly stepSeconds: number | null;
  /** How long the step in training has run; null when the updater has none. */
  readonly trainingSeconds: number | null;
  /** Steps that are sampled and whose training has not begun; a part of one counts as that part. */
  readonly readySteps: number;
  /** Steps that may be ahead of the newest policy, the one in training included: the staleness bound and one. */
  readonly windowSteps: number;
  /** Tokens of issued samples that are not sampled yet. */
  readonly openTokens: number;
  /** Tokens that the run may issue later; 0 when it is paused or all is issued. */
  readonly laterTokens: number;
  /** The part of `openTokens` that an evaluation holds training up for. */
  readonly evaluationTokens: number;
}

/** One pool as it is now. */
export interface PoolNow {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Of a worker for an hour. */
  readonly cost: number;
  /** From the decision to a worker's first token. */
  readonly startSeconds: number;
  /** Of a worker with all its slots at work; null while nothing is known of it. */
  readonly tokensPerSecond: number | null;
  /** How long a completion takes on it; 0 while unknown. */
  readonly completionSeconds: number;
  /** Asked for. */
  readonly replicas: number;
  /** There. */
  readonly ready: number;
  /** For how long fewer are there than were asked for, since more were last asked for at most; 0 while all are there. */
  readonly shortForSeconds: number;
}

/** What is decided. */
export interface ReplicasDecision {
  /** By pool name; every pool, within its limits. */
  readonly replicas: ReadonlyMap<string, number>;
  /** One sentence for a person. */
  readonly why: string;
  /** Pools that are short of their replicas for longer than a start-up takes; others stand in for them. */
  readonly short: readonly string[];
  /** Pools whose rollouts would be too old to train on. */
  readonly tooSlow: readonly string[];
}

/** A pool that is short of its replicas for this many start-ups is not counted on. */
const PATIENCE = 1.5;
/** Workers may have time for so much more than there are usable tokens before some of them go. */
const SLACK = 1.2;
/** What a completion may take, as a share of the time in which the window is trained: a group ends with its longest. */
const SLOWEST = 0.5;

/** Decides. Nothing is remembered here: the same values give the same answer. */
export function decideReplicas(demand: Demand, given: readonly PoolNow[]): ReplicasDecision {
  // Where all are slow, sampling holds the steps up, and their time says nothing about what would be stale.
  const hasFast = given.some((pool) => pool.max > 0 && !isSlow(pool, demand));
  const pools = given.map((pool) => sized(pool, hasFast && isSlow(pool, demand)));
  const answer = (replicas: ReadonlyMap<string, number>, why: string): ReplicasDecision => ({
    replicas,
    why,
    short: pools.filter(({ isShort }) => isShort).map(({ name }) => name),
    tooSlow: pools.filter(({ isTooSlow }) => isTooSlow).map(({ name }) => name),
  });
  const left = demand.openTokens + demand.laterTokens;
  if (left <= 0) return answer(leastWorkers(pools), "nothing is left to sample");
  const forecast = foresee(demand, pools);
  const { supply, isLow, targetPerSecond, usableTokens, supplyTokens, atWorkPerSecond, horizonSeconds } =
    forecast;
  const most = Math.min(targetPerSecond, left / horizonSeconds);
  if (isLow && supply < most) return answer(addWorkers(pools, most - supply), reason("more", forecast));
  const isSettled = pools.every(({ starting }) => starting === 0);
  if (supplyTokens > usableTokens * SLACK && (isSettled || usableTokens <= 0)) {
    const needed = Math.max(atWorkPerSecond, Math.min(targetPerSecond, usableTokens / horizonSeconds));
    const fewer = needed <= 0 ? leastWorkers(pools) : removeWorkers(pools, supply - needed);
    return answer(fewer, reason("fewer", forecast));
  }
  return answer(keepWorkers(pools), reason("as many", forecast));
}

/** Whether a pool's completions take too long for the time in which the window is trained. */
function isSlow({ completionSeconds }: PoolNow, { stepSeconds, windowSteps }: Demand): boolean {
  return stepSeconds !== null && completionSeconds > windowSteps * stepSeconds * SLOWEST;
}

/** What can be counted on of a pool. */
function sized(pool: PoolNow, isTooSlow: boolean): SizedPool {
  const { min, max, replicas, startSeconds } = pool;
  const asked = Math.max(min, Math.min(max, replicas));
  const ready = Math.min(pool.ready, asked);
  const missing = asked - ready;
  const isShort = missing > 0 && pool.shortForSeconds > startSeconds * PATIENCE;
  return {
    ...pool,
    replicas: asked,
    ready,
    starting: isShort ? 0 : missing,
    startsInSeconds: Math.max(0, startSeconds - pool.shortForSeconds),
    isShort,
    isTooSlow,
    // One worker of a pool that nothing is known of is there to be measured.
    room: isShort || isTooSlow ? 0 : pool.tokensPerSecond === null ? Math.max(0, 1 - asked) : max - asked,
    rate: pool.tokensPerSecond ?? 0,
  };
}

function reason(what: "more" | "fewer" | "as many", forecast: Forecast): string {
  const { supply, usedPerSecond, stockSteps, horizonSeconds } = forecast;
  const stock = `${stockSteps.toFixed(1)} steps are ahead of the updater`;
  return `${what} workers: ${stock}, it uses ${Math.round(usedPerSecond)} tokens/s over the next ${Math.round(horizonSeconds)} s, and the workers asked for sample ${Math.round(supply)}`;
}
