import { withDeadline } from "../../core/index.ts";
import type {
  CollectAnswerInit,
  CollectMessage,
  Completion,
  ConnectAnswerInit,
  FailedSample,
  LeaseAnswerInit,
  LeaseRequest,
  PolicyRef,
  Release,
  Rollout,
  TaskInit,
} from "../../proto/index.ts";
import type { FleetHandlers } from "../../transport/index.ts";
import { handlersThat } from "./fleet-handlers.ts";

/** A task as the script keeps it. */
interface ScriptedTask {
  readonly init: TaskInit & { readonly task: string };
  readonly missing: Map<number, Completion | null>;
  policy: PolicyRef;
  dispatch: number;
  lease: { readonly id: string; readonly worker: string } | null;
}

/** What a scripted coordinator needs. */
export interface ScriptOptions {
  readonly joining: ConnectAnswerInit;
  readonly termMs: number;
  /** Publishes one dispatch of a task to the workers' queue. */
  readonly publish: (task: TaskInit, dispatch: number) => Promise<unknown>;
}

/**
 * A coordinator without a ledger: it grants leases, takes in what workers send and writes all of it down. It lives
 * longer than the server that it answers through, as the real one's ledger does.
 */
export function scriptCoordinator({ joining, termMs, publish }: ScriptOptions) {
  const tasks = new Map<string, ScriptedTask>();
  const rollouts: Rollout[] = [];
  const partials: Rollout[] = [];
  const failures: FailedSample[] = [];
  const releases: Release[] = [];
  const leases: string[] = [];
  const looks = new Set<() => void>();
  const changed = () => {
    for (const look of looks) look();
  };

  function lease({ task: name, dispatch, worker }: LeaseRequest): LeaseAnswerInit {
    const task = tasks.get(name);
    if (!task || task.missing.size === 0 || dispatch < task.dispatch) return { settled: {} };
    if (task.lease) return { held: { retryInMs: 200 } };
    task.lease = { id: `${name}-lease-${leases.length}`, worker };
    leases.push(task.lease.id);
    const samples = [...task.missing].map(([sample, prefix]) => ({ sample, attempt: task.dispatch, prefix }));
    return { granted: { lease: task.lease.id, samples, policy: task.policy, termMs } };
  }

  async function endLease(task: ScriptedTask): Promise<void> {
    task.lease = null;
    task.dispatch += 1;
    if (task.missing.size > 0) await publish(task.init, task.dispatch);
  }

  const isLive = (id: string) => [...tasks.values()].some((task) => task.lease?.id === id);

  function settle(name: string, sample: number): CollectAnswerInit {
    const task = tasks.get(name);
    const wanted = task?.missing.delete(sample) === true;
    if (task?.missing.size === 0) task.lease = null;
    return { sample: { task: name, sample, outcome: wanted ? "OUTCOME_ACCEPTED" : "OUTCOME_DUPLICATE" } };
  }

  async function answer(message: CollectMessage): Promise<CollectAnswerInit> {
    if (message.heartbeat) {
      return { heartbeat: { lost: message.heartbeat.leases.filter((id) => !isLive(id)) } };
    }
    if (message.finished?.rollout) {
      const { rollout } = message.finished;
      rollouts.push(rollout);
      return settle(rollout.task, rollout.sample);
    }
    if (message.partial?.rollout) {
      const { task, sample, completion } = message.partial.rollout;
      partials.push(message.partial.rollout);
      tasks.get(task)?.missing.set(sample, completion);
      return { sample: { task, sample, outcome: "OUTCOME_ACCEPTED" } };
    }
    if (message.failed) {
      failures.push(message.failed);
      return settle(message.failed.task, message.failed.sample);
    }
    return await release(message.release as Release);
  }

  async function release(message: Release): Promise<CollectAnswerInit> {
    releases.push(message);
    const task = tasks.get(message.task);
    if (task?.lease?.id === message.lease) await endLease(task);
    return { release: { lease: message.lease } };
  }

  const handlers: FleetHandlers = handlersThat({
    connect: async () => joining,
    lease: async (request) => {
      const answered = lease(request);
      changed();
      return answered;
    },
    collect: async (messages, answers) => {
      for await (const message of messages) {
        await answers.send(await answer(message));
        changed();
      }
    },
  });

  return {
    handlers,
    rollouts,
    partials,
    failures,
    releases,
    leases,
    /** Issues a task, or more of it, with `samples` to be sampled under `policy`. */
    issue: async (
      init: ScriptedTask["init"],
      samples: readonly number[],
      policy: PolicyRef,
    ): Promise<void> => {
      const missing = new Map(samples.map((sample) => [sample, null]));
      const dispatch = (tasks.get(init.task)?.dispatch ?? -1) + 1;
      tasks.set(init.task, { init, missing, policy, dispatch, lease: null });
      await publish(init, dispatch);
    },
    /** Ends a task's lease as if its heartbeats had stayed away. */
    endLeaseOf: async (name: string): Promise<void> => {
      const task = tasks.get(name);
      if (task) await endLease(task);
    },
    /** Waits until the script is as asked. */
    until: async (what: string, holds: () => boolean, timeoutMs = 20_000): Promise<void> => {
      const reached = Promise.withResolvers<void>();
      const look = () => {
        if (holds()) reached.resolve();
      };
      looks.add(look);
      look();
      await withDeadline(what, timeoutMs, reached.promise).finally(() => looks.delete(look));
    },
  };
}
