import { judgeLease } from "../../coordinator/index.ts";
import type { WorkerPresence } from "../../transport/index.ts";
import type { Pod } from "./cluster.ts";
import type { SimulatedLedger } from "./simulated-ledger.ts";
import {
  countTime,
  createWorker,
  heldTokens,
  presenceOf,
  type RunningSample,
  type SimulatedWorker,
  slotSpeed,
} from "./simulated-worker.ts";
import type { Workload } from "./workload.ts";

/** What a fleet needs. */
export interface FleetParts {
  readonly ledger: SimulatedLedger;
  readonly workload: Workload;
  now(): number;
  later(seconds: number, act: () => void): void;
  /** Told when the last open sample of a group has come. */
  onComplete(): void;
}

/** The workers that are there, and what they hold. */
export interface Fleet {
  join(pod: Pod): void;
  /**
   * Takes a worker away. One that drains hands over its tokens and releases its leases at once; of one that fell silent
   * they are lost, and its leases end after `silenceSeconds`.
   */
  leave(pod: Pod, silenceSeconds: number): SimulatedWorker;
  /** Lets free slots lease what nobody holds. */
  lease(): void;
  /** In the order in which they go: the fewest tokens held first. */
  leastFirst(pods: readonly Pod[]): Pod[];
  presence(): WorkerPresence[];
  heldTokens(): number;
  workers(): Iterable<SimulatedWorker>;
}

/** Creates a fleet without workers. */
export function createFleet({ ledger, workload, now, later, onComplete }: FleetParts): Fleet {
  const { state } = ledger;
  const workers = new Map<string, SimulatedWorker>();
  /** Of samples that were handed over: what is left of them, and their oldest version. */
  const handedOver = new Map<string, { readonly tokens: number; readonly oldest: number }>();
  let sequence = 0;

  function lengthOf(task: string, sample: number): number {
    const { lengthsG } = workload.group(state.tasks.get(task)?.ordinal ?? 0);
    return lengthsG[sample % lengthsG.length] ?? 0;
  }

  function fill(worker: SimulatedWorker): void {
    while (worker.running.size < worker.pod.pool.slots) {
      if (worker.waiting.length === 0 && !leaseNext(worker)) return;
      const next = worker.waiting.shift();
      if (next === undefined || state.tasks.get(next.task)?.samples[next.sample]?.state !== "open") continue;
      begin(worker, next);
    }
  }

  function leaseNext(worker: SimulatedWorker): boolean {
    for (const task of state.tasks.values()) {
      if (task.lease !== null || task.open === 0) continue;
      const { name } = worker.pod;
      const verdict = judgeLease(state, { task: task.task, dispatch: task.dispatch, worker: name });
      if (verdict.kind !== "granted") continue;
      ledger.decide(verdict.decision, now());
      const { lease, samples } = verdict.decision;
      worker.leases.add(lease);
      worker.waiting.push(...samples.map((sample) => ({ task: task.task, sample, lease })));
      return true;
    }
    return false;
  }

  function begin(worker: SimulatedWorker, next: SimulatedWorker["waiting"][number]): void {
    const key = `${next.task}/${next.sample}`;
    const begun = handedOver.get(key);
    const running: RunningSample = {
      ...next,
      oldest: begun?.oldest ?? state.step,
      sinceSeconds: now(),
      tokens: begun?.tokens ?? lengthOf(next.task, next.sample),
    };
    countTime(worker, now());
    worker.running.set(key, running);
    later(running.tokens / slotSpeed(worker), () => finish(worker, key, running));
  }

  function finish(worker: SimulatedWorker, key: string, running: RunningSample): void {
    if (worker.running.get(key) !== running) return;
    countTime(worker, now());
    worker.running.delete(key);
    const task = state.tasks.get(running.task);
    const sample = task?.samples[running.sample];
    if (task !== undefined && sample?.state === "open") {
      ledger.decide(accepted(running, sample.attempt, task.ordinal), now());
      if (task.open === 0) onComplete();
    }
    fill(worker);
  }

  function accepted(
    { task, sample, oldest }: RunningSample,
    attempt: number,
    ordinal: number,
  ): Parameters<SimulatedLedger["decide"]>[0] {
    const { hasSignal } = workload.group(ordinal);
    const rollout = {
      sequence: ++sequence,
      sha256: "",
      reward: hasSignal ? sample % 2 : 0,
      wellFormed: true,
      exact: false,
      oldest,
      tokens: lengthOf(task, sample),
      cutOff: false,
      worker: "",
      generateMs: 0,
      rewardMs: 0,
    };
    return { type: "accepted", task, sample, attempt, rollout };
  }

  function handOver(worker: SimulatedWorker): void {
    for (const [key, { task, sample, oldest, tokens, sinceSeconds }] of worker.running) {
      if (state.tasks.get(task)?.samples[sample]?.state !== "open") continue;
      const left = Math.max(1, tokens - (now() - sinceSeconds) * slotSpeed(worker));
      handedOver.set(key, { tokens: left, oldest });
      ledger.decide({ type: "partial", task, sample, sequence: ++sequence, oldest }, now());
    }
  }

  function release(worker: SimulatedWorker): void {
    for (const lease of worker.leases) {
      const held = state.leases.get(lease);
      if (held === undefined || held.worker !== worker.pod.name) continue;
      const { task } = held;
      ledger.decide({ type: "released", lease, task, reason: "gone", death: false }, now());
    }
    onComplete();
  }

  return {
    join: (pod) => {
      const worker = createWorker(pod, now());
      workers.set(pod.name, worker);
      fill(worker);
    },
    leave: (pod, silenceSeconds) => {
      const worker = workers.get(pod.name);
      if (worker === undefined) throw new Error(`${pod.name} is not there`);
      countTime(worker, now());
      workers.delete(pod.name);
      if (silenceSeconds === 0) handOver(worker);
      worker.running.clear();
      later(silenceSeconds, () => release(worker));
      return worker;
    },
    lease: () => {
      for (const worker of workers.values()) fill(worker);
    },
    leastFirst: (pods) => {
      const held = new Map(pods.map((pod) => [pod, heldOf(workers.get(pod.name))]));
      return [...pods].sort((a, b) => (held.get(a) ?? 0) - (held.get(b) ?? 0));
    },
    presence: () => [...workers.values()].map((worker) => presenceOf(worker, state.step)),
    heldTokens: () => [...workers.values()].reduce((sum, worker) => sum + heldTokens(worker, now()), 0),
    workers: () => workers.values(),
  };

  function heldOf(worker: SimulatedWorker | undefined): number {
    return worker === undefined ? 0 : heldTokens(worker, now());
  }
}
