/**
 * One run of a scenario under a policy: the coordinator's real books, simulated pods, workers and updater.
 *
 * @module
 */
import type { WorkerPresence } from "../../transport/index.ts";
import { type Cluster, createCluster } from "./cluster.ts";
import { createEventQueue } from "./event-queue.ts";
import { createFigures, type Figures } from "./figures.ts";
import { GROUPS, type Scenario } from "./scenarios.ts";
import { createFleet } from "./simulated-fleet.ts";
import { openSimulatedLedger, type SimulatedLedger } from "./simulated-ledger.ts";
import type { Workload } from "./workload.ts";

/** What a policy sees. The future is in `scenario` and `workload`: only one that is to know it may look there. */
export interface PolicyView {
  readonly nowSeconds: number;
  readonly state: SimulatedLedger["state"];
  readonly workers: readonly WorkerPresence[];
  readonly cluster: Pick<Cluster, "replicas" | "pods">;
  readonly scenario: Scenario;
  readonly workload: Workload;
  /** Tokens of open samples that are sampled already. */
  readonly heldTokens: number;
  /** Since the step in training began; null when the updater waits. */
  readonly trainingSinceSeconds: number | null;
}

/** Says how many workers each pool is to have. */
export interface Policy {
  readonly name: string;
  /** Whether the worker that loses least goes first; else the newest does. */
  readonly sparesWork: boolean;
  decide(view: PolicyView): ReadonlyMap<string, number>;
}

/** How often a policy is asked: as often as a Kubernetes autoscaler looks. */
const TICK_SECONDS = 15;
/** A worker that fell silent is given up after so long. */
const SILENCE_SECONDS = 25;
/** No scenario takes longer, whatever the policy. */
const MOST_SECONDS = 100_000;

/** Runs a scenario to its end. */
export function simulate(scenario: Scenario, workload: Workload, seed: number, policy: Policy): Figures {
  const events = createEventQueue();
  const ledger = openSimulatedLedger(scenario);
  const { state } = ledger;
  const figures = createFigures(scenario);
  let nowSeconds = 0;
  let trainingSinceSeconds: number | null = null;
  const later = (seconds: number, act: () => void) => events.plan(nowSeconds + seconds, act);

  const fleet = createFleet({ ledger, workload, later, now: () => nowSeconds, onComplete: advance });
  const cluster = createCluster(scenario, seed, {
    plan: events.plan,
    onReady: (pod) => fleet.join(pod),
    onGone: (pod, how) => figures.left(fleet.leave(pod, how === "drained" ? 0 : SILENCE_SECONDS), nowSeconds),
    firstToGo: (pods) => (policy.sparesWork ? fleet.leastFirst(pods) : [...pods].reverse()),
  });

  function advance(): void {
    ledger.follow(nowSeconds);
    trainNext();
    fleet.lease();
  }

  function trainNext(): void {
    const step = state.step + 1;
    if (trainingSinceSeconds !== null || !state.batches.has(step)) return;
    trainingSinceSeconds = nowSeconds;
    figures.training(nowSeconds);
    later(workload.stepSeconds(step), () => {
      trainingSinceSeconds = null;
      figures.waiting(nowSeconds);
      ledger.decide(trained(step), nowSeconds);
      advance();
    });
  }

  function tick(): void {
    const workers = fleet.presence();
    const view = {
      nowSeconds,
      state,
      workers,
      cluster,
      scenario,
      workload,
      heldTokens: fleet.heldTokens(),
      trainingSinceSeconds,
    };
    const replicas = policy.decide(view);
    for (const { name } of scenario.pools) {
      const wanted = replicas.get(name) ?? 0;
      figures.asked(name, cluster.replicas(name), wanted);
      cluster.ask(name, wanted, nowSeconds);
    }
    figures.look(
      nowSeconds,
      scenario.pools.map(({ name }) => cluster.pods(name).length),
      stockOf(state),
    );
    later(TICK_SECONDS, tick);
  }

  for (const { pool, atSeconds, seconds, share } of scenario.outages) {
    events.plan(atSeconds, () => {
      const pods = Math.round(fleet.presence().length * share);
      cluster.takeMachines(pool, pods, seconds, nowSeconds);
      fleet.lease();
    });
  }
  advance();
  tick();
  while (state.step < scenario.steps) {
    const event = events.next();
    if (event === null || event.atSeconds > MOST_SECONDS)
      throw new Error(`${scenario.name}: ${policy.name} is stuck`);
    nowSeconds = event.atSeconds;
    event.act();
  }
  for (const worker of fleet.workers()) figures.left(worker, nowSeconds);
  return figures.end(nowSeconds, cluster.cost(nowSeconds), state);
}

function trained(step: number): Parameters<SimulatedLedger["decide"]>[0] {
  const metrics = {
    loss: 0,
    kl: 0,
    entropy: 0,
    ratioMean: 1,
    ratioMax: 1,
    clippedShare: 0,
    gradientNorm: 0,
    learningRate: 0,
    lossTokens: 0,
    trainedTokens: 0,
    waitSeconds: 0,
    forwardSeconds: 0,
    backwardSeconds: 0,
    optimizerSeconds: 0,
    gaps: [],
  };
  return { type: "trained", step, epoch: 1, adapter: `a${step}`, metrics };
}

/** Complete groups ahead of the updater, in steps. */
function stockOf(state: SimulatedLedger["state"]): number {
  let groups = 0;
  for (const task of state.tasks.values()) if (task.open === 0) groups += 1;
  return groups / GROUPS;
}
