/**
 * A policy that knows the future: every completion's length, every group's signal, how long each step will train, and
 * which machines will be taken when.
 *
 * The tokens that are needed by each coming step and those that the staleness bound allows until then are two rising
 * curves. Whatever is sampled must stay between them; of all ways the straightest, which a string drawn tight between
 * the curves takes, needs the fewest workers at once and the fewest changes. Its first slope is the rate to have.
 *
 * @module
 */
import {
  addWorkers,
  keepWorkers,
  removeWorkers,
  type SizedPool,
} from "../../../coordinator/scaling/choose-workers.ts";
import { GROUPS, type Scenario, type ScenarioPool, STALENESS } from "../scenarios.ts";
import type { Policy, PolicyView } from "../simulate.ts";

/** Between these the tokens sampled must be at a time. */
interface Gate {
  readonly atSeconds: number;
  readonly least: number;
  readonly most: number;
}

/** Steps that are looked ahead. */
const AHEAD = 40;
/** Tokens beyond a step's own that are under way when it is complete, in steps. */
const UNDER_WAY = 0.5;

/** Creates it. */
export function createClairvoyantPolicy(): Policy {
  return { name: "clairvoyant", sparesWork: true, decide };
}

function decide(view: PolicyView): ReadonlyMap<string, number> {
  const pools = view.scenario.pools.map((pool) => sizedPool(view, pool));
  const startSeconds = Math.max(...pools.map((pool) => pool.startSeconds));
  const gates = gatesOf(view, startSeconds);
  const held = (atSeconds: number) => sampledAt(view, pools, atSeconds);
  const supply = supplyOf(pools);
  const horizon = view.nowSeconds + startSeconds + meanStep(view);
  const isLate = gates.some(({ atSeconds, least }) => atSeconds <= horizon && held(atSeconds) < least);
  if (isLate && view.state.composed + STALENESS < view.scenario.steps) {
    const from = view.nowSeconds + startSeconds;
    const slope = firstSlope(
      gates.filter(({ atSeconds }) => atSeconds > from + 1),
      from,
      held(from),
    );
    if (slope > supply) return addWorkers(pools, slope - supply);
  }
  const soon = view.nowSeconds + meanStep(view);
  const next = gates.find(({ atSeconds }) => atSeconds >= soon);
  if (next !== undefined && held(soon) <= next.most) return keepWorkers(pools);
  return removeWorkers(pools, supply - neededPerSecond(view, pools, gates, startSeconds));
}

function neededPerSecond(
  view: PolicyView,
  pools: readonly SizedPool[],
  gates: readonly Gate[],
  startSeconds: number,
): number {
  // A worker that is wanted again before it could be back stays.
  const later = gates.filter(({ atSeconds }) => atSeconds > view.nowSeconds + startSeconds);
  const sampled = sampledAt(view, pools, view.nowSeconds);
  const slope = firstSlope(later.length > 0 ? later : gates, view.nowSeconds, sampled);
  const isLast = view.state.composed + STALENESS > view.scenario.steps;
  const atWork = isLast ? remaining(view) / completionSeconds(pools) : 0;
  return Math.max(slope, Math.min(supplyOf(pools), atWork));
}

/** One gate where each coming step is taken: it must be complete then, and the window reaches so far before. */
function gatesOf(view: PolicyView, startSeconds: number): Gate[] {
  const { nowSeconds, state, scenario, workload, trainingSinceSeconds } = view;
  const beyond = neededBeyond(view);
  const needed = (step: number) => beyond[Math.min(step, scenario.steps) - state.composed - 1] ?? 0;
  const under = view.heldTokens;
  const gates: Gate[] = [];
  const isWaiting = trainingSinceSeconds === null;
  const first = state.step + 1;
  let atSeconds = isWaiting
    ? nowSeconds + (view.workers.length === 0 ? startSeconds : 0)
    : trainingSinceSeconds + workload.stepSeconds(first);
  for (
    let step = isWaiting ? first : first + 1;
    step <= Math.min(scenario.steps, state.composed + AHEAD - STALENESS);
    step++
  ) {
    const least = needed(step) + (step < scenario.steps ? UNDER_WAY * meanTokens(workload.tokensByStep) : 0);
    const most = needed(step - 1 + STALENESS) - under;
    gates.push({ atSeconds: Math.max(atSeconds, nowSeconds + 1), least, most: Math.max(least, most) });
    atSeconds += workload.stepSeconds(step);
  }
  return gates;
}

/** Tokens that the run still needs. */
function remaining(view: PolicyView): number {
  return (neededBeyond(view).at(-1) ?? 0) - acceptedTokens(view) - view.heldTokens;
}

function completionSeconds(pools: readonly SizedPool[]): number {
  return Math.max(1, ...pools.map(({ ready, completionSeconds: seconds }) => (ready > 0 ? seconds : 0)));
}

/**
 * Tokens through each step that has no batch yet, from the step after the newest batch on: first of the groups that are
 * issued, then of those that come after them. A group without signal is sampled and fills nothing.
 */
function neededBeyond({ state, scenario, workload }: PolicyView): number[] {
  const issued = [...state.tasks.values()]
    .filter(({ batch }) => batch === null)
    .map(({ ordinal }) => ordinal);
  let ordinal = state.nextOrdinal;
  let tokens = 0;
  return Array.from({ length: Math.min(AHEAD, scenario.steps - state.composed) }, () => {
    for (let useful = 0; useful < GROUPS; ) {
      const { lengthsG, hasSignal } = workload.group(issued.shift() ?? ordinal++);
      tokens += lengthsG.reduce((sum, length) => sum + length, 0);
      useful += Number(hasSignal);
    }
    return tokens;
  });
}

/** The slope with which a string drawn tight through the gates leaves its start. */
function firstSlope(gates: readonly Gate[], fromSeconds: number, sampled: number): number {
  let least = 0;
  let most = Number.POSITIVE_INFINITY;
  const from = Math.min(sampled, gates[0]?.most ?? sampled); // More than may be is as good as all that may be.
  for (const gate of gates) {
    const seconds = gate.atSeconds - fromSeconds;
    const low = (gate.least - from) / seconds;
    const high = (gate.most - from) / seconds;
    if (low > most) return most;
    if (high < least) return least;
    least = Math.max(least, low);
    most = Math.min(most, high);
  }
  const last = gates.at(-1);
  if (last === undefined) return 0;
  return Math.max(least, Math.min(most, (last.least - from) / (last.atSeconds - fromSeconds)));
}

/** Tokens that are sampled by then if nothing changes, the machines that will be taken left out. */
function sampledAt(view: PolicyView, pools: readonly SizedPool[], atSeconds: number): number {
  const seconds = atSeconds - view.nowSeconds;
  const made = pools.reduce(
    (sum, { rate, ready, starting, startsInSeconds }) =>
      sum + rate * (ready * seconds + starting * Math.max(0, seconds - startsInSeconds)),
    0,
  );
  return acceptedTokens(view) + view.heldTokens + made - lostBy(view, pools, atSeconds);
}

function lostBy(
  { nowSeconds, scenario }: PolicyView,
  pools: readonly SizedPool[],
  atSeconds: number,
): number {
  const workers = pools.reduce((sum, { ready }) => sum + ready, 0);
  return scenario.outages.reduce((sum, outage) => {
    if (outage.atSeconds < nowSeconds) return sum;
    const end = Math.min(atSeconds, outage.atSeconds + outage.seconds);
    const rate = pools.find(({ name }) => name === outage.pool)?.rate ?? 0;
    return sum + Math.max(0, end - outage.atSeconds) * Math.round(workers * outage.share) * rate;
  }, 0);
}

/** Of groups that have no batch yet. */
function acceptedTokens({ state }: PolicyView): number {
  let tokens = 0;
  for (const { batch, samples } of state.tasks.values()) {
    if (batch !== null) continue;
    for (const { rollout } of samples) tokens += rollout?.tokens ?? 0;
  }
  return tokens;
}

function sizedPool({ nowSeconds, cluster, scenario }: PolicyView, pool: ScenarioPool): SizedPool {
  const pods = cluster.pods(pool.name);
  const ready = pods.filter(({ isReady }) => isReady).length;
  const replicas = cluster.replicas(pool.name);
  const lacks = machinesTaken(scenario, pool, nowSeconds) && pods.length < replicas;
  const since = Math.max(
    0,
    ...pods.filter(({ isReady }) => !isReady).map(({ sinceSeconds }) => sinceSeconds),
  );
  return {
    ...pool,
    min: 0,
    completionSeconds: (scenario.tokens(0) * pool.slots) / pool.tokensPerSecond,
    replicas,
    ready,
    shortForSeconds: nowSeconds - since,
    starting: pods.length - ready,
    startsInSeconds: Math.max(0, pool.startSeconds - (nowSeconds - since)),
    isShort: lacks,
    isTooSlow: false,
    room: lacks ? 0 : pool.max - replicas,
    rate: pool.tokensPerSecond,
  };
}

function machinesTaken({ outages }: Scenario, { name }: ScenarioPool, nowSeconds: number): boolean {
  return outages.some(
    ({ pool, atSeconds, seconds }) =>
      pool === name && nowSeconds >= atSeconds && nowSeconds < atSeconds + seconds,
  );
}

function supplyOf(pools: readonly SizedPool[]): number {
  return pools.reduce((sum, { rate, ready, starting }) => sum + rate * (ready + starting), 0);
}

function meanTokens(tokensByStep: readonly number[]): number {
  return tokensByStep.reduce((sum, tokens) => sum + tokens, 0) / tokensByStep.length;
}

function meanStep({ scenario }: PolicyView): number {
  return scenario.stepSeconds(0);
}
