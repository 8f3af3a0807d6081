import { createHash } from "node:crypto";
import { crashPoint, FleetError, type Instance } from "../../core/index.ts";
import type { TaskInit } from "../../proto/index.ts";
import type { RewardConfig } from "../../rewards/index.ts";
import {
  BASE_VARIANT,
  type DigestStore,
  encodeReference,
  encodeTask,
  type TaskPublisher,
} from "../../transport/index.ts";
import type { SamplingConfig } from "../config.ts";
import { openSamples } from "../leasing/decide-lease.ts";
import type { TaskRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { RenderPrompt } from "./render-prompt.ts";

/** Larger references travel by their digest. */
const INLINE_REFERENCE_BYTES = 512 * 1024;

/** The dataset is not the one that the run was started with. */
export class InstanceMissingError extends FleetError {
  readonly code = "coordinator.instance_missing";
  readonly disposition = "reject";
}

/** What a task's message is made from. */
export interface DispatcherParts {
  readonly tasks: TaskPublisher;
  readonly references: DigestStore;
  readonly render: RenderPrompt;
  /** Instances of both lanes by id. */
  readonly instances: ReadonlyMap<string, Instance>;
  readonly sampling: SamplingConfig;
  readonly reward: RewardConfig;
  /** W3C trace context that travels with a task; "" where nobody asks for traces. */
  readonly traceparentOf: (task: string) => string;
}

/** Puts into the queue what the ledger says is outstanding. The queue is a cache: putting a dispatch again is harmless. */
export interface Dispatcher {
  /**
   * Takes every dispatch that was not published yet. Sending them must wait until the ledger, as it is at this call, is
   * durable.
   */
  take(state: LedgerState): Orders;
  /** Marks for publication what is outstanding, held by nobody, and not in the queue. */
  repair(state: LedgerState): Promise<void>;
}

/** Dispatches on their way into the queue. */
export interface Orders {
  readonly count: number;
  send(): Promise<void>;
}

/** Creates the dispatcher of a run. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  /** Newest dispatch published, by task. */
  const published = new Map<string, number>();
  const isDue = (task: TaskRecord) => isWaiting(task) && (published.get(task.task) ?? -1) < task.dispatch;

  return {
    take: (state) => {
      for (const task of published.keys()) if (!state.tasks.has(task)) published.delete(task);
      const orders: Order[] = [];
      for (const task of state.tasks.values()) if (isDue(task)) orders.push(orderOf(state, task));
      for (const { task, dispatch } of orders) published.set(task, dispatch);
      const send = async (order: Order) => {
        await publishOrder(parts, order).catch((error: unknown) => {
          published.delete(order.task);
          throw error;
        });
      };
      return { count: orders.length, send: async () => void (await Promise.all(orders.map(send))) };
    },
    repair: async (state) => {
      const queued = new Set((await parts.tasks.list()).map(({ task, dispatch }) => `${task}.${dispatch}`));
      for (const task of state.tasks.values()) {
        if (isWaiting(task) && !queued.has(`${task.task}.${task.dispatch}`)) published.delete(task.task);
      }
    },
  };
}

/** @throws {InstanceMissingError} when a task that is outstanding is about an instance that is not there */
export function assertInstancesThere(state: LedgerState, instances: ReadonlyMap<string, Instance>): void {
  for (const { task, instance } of state.tasks.values()) {
    if (!instances.has(instance)) {
      throw new InstanceMissingError(
        `instance ${instance} of task ${task} is not in the dataset any more: continue the run with the files that it was started with`,
      );
    }
  }
}

/** What a message says of its task; taken at once, since the task may change before the message is sent. */
type Order = Pick<TaskInit, "run" | "lane" | "samples" | "policy" | "seed"> & {
  readonly task: string;
  readonly dispatch: number;
  readonly instance: string;
  readonly temperature: number;
};

function orderOf(state: LedgerState, task: TaskRecord): Order {
  const { task: name, lane, dispatch, instance, temperature } = task;
  return {
    run: state.run,
    lane,
    task: name,
    dispatch,
    instance,
    temperature,
    samples: openSamples(task),
    policy: policyOf(state, task.version ?? state.step),
    seed: String(state.settings.seed),
  };
}

function isWaiting(task: TaskRecord): boolean {
  return task.lease === null && task.open > 0;
}

async function publishOrder(parts: DispatcherParts, order: Order): Promise<void> {
  const { render, sampling, reward } = parts;
  const { task, dispatch, lane = "" } = order;
  const instance = parts.instances.get(order.instance);
  if (instance === undefined) throw new InstanceMissingError(`there is no instance ${order.instance}`);
  const message: TaskInit = {
    ...order,
    variant: BASE_VARIANT,
    messages: render(instance),
    sampling: { ...sampling, temperature: order.temperature },
    reward: { name: reward.name, optionsJson: JSON.stringify(reward) },
    ...(await referenceOf(parts.references, instance)),
  };
  crashPoint("dispatch.before-publish");
  const address = { lane, variant: BASE_VARIANT, task, dispatch };
  await parts.tasks.publish(address, encodeTask(message), parts.traceparentOf(task));
  crashPoint("dispatch.after-publish");
}

/** A version and its adapter, as the wire names it. */
export function policyOf(state: LedgerState, version: number): { version: number; adapter: string } {
  return { version, adapter: state.policies[version]?.adapter ?? "" };
}

async function referenceOf(
  references: DigestStore,
  { files, oracle }: Instance,
): Promise<Pick<TaskInit, "reference" | "referenceDigest">> {
  const changes = Object.entries(oracle).map(([path, content]) =>
    content === null ? { path } : { path, content },
  );
  const reference = { files, oracle: changes };
  const bytes = encodeReference(reference);
  if (bytes.byteLength <= INLINE_REFERENCE_BYTES) return { reference };
  const referenceDigest = createHash("sha256").update(bytes).digest("hex");
  await references.put(referenceDigest, bytes);
  crashPoint("dispatch.after-reference");
  return { referenceDigest };
}
