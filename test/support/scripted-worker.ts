import { dispositionOf, withDeadline } from "../../core/index.ts";
import type {
  CollectAnswer,
  CollectMessageInit,
  Granted,
  LeaseAnswer,
  SampleAnswer,
  Task,
} from "../../proto/index.ts";
import { decodeTask, openNats, openTaskQueue, type TaskAddress, taskAddress } from "../../transport/index.ts";
import type { CoordinatedRun } from "./coordinated-run.ts";
import { scriptedRollout } from "./scripted-rollout.ts";

const ANSWER_DEADLINE_MS = 15_000;

/** A task as it came out of the queue. */
export interface PulledTask {
  readonly address: TaskAddress;
  readonly task: Task;
  ack(): void;
  nak(delayMs?: number): void;
  working(): void;
}

/** How a sample came out. */
export interface ScriptedSample {
  readonly reward?: number;
  /** Tokens that are added to the prefix. */
  readonly tokens?: readonly number[];
  /** Its text. */
  readonly text?: string;
}

/** What a sample gets. */
export type RewardOf = (task: Task, sample: number) => number | "prompt-too-long" | "engine-died";

/** A worker without a model, on the real wire: each call says one thing and returns the coordinator's answer. */
export interface ScriptedWorker extends AsyncDisposable {
  readonly name: string;
  /** Next task of either lane. */
  pull(): Promise<PulledTask>;
  /** As `pull`; null when none came in a while, or `signal` aborts. */
  pullUntil(signal: AbortSignal): Promise<PulledTask | null>;
  lease(address: TaskAddress): Promise<LeaseAnswer>;
  /** Pulls tasks until one is granted. */
  work(): Promise<PulledTask & { readonly granted: Granted }>;
  finish(pulled: PulledTask, granted: Granted, sample: number, how?: ScriptedSample): Promise<SampleAnswer>;
  partial(
    pulled: PulledTask,
    granted: Granted,
    sample: number,
    tokens: readonly number[],
  ): Promise<SampleAnswer>;
  fail(
    pulled: PulledTask,
    granted: Granted,
    sample: number,
    errorClass: string,
    retry: boolean,
    contextTokens?: number,
  ): Promise<SampleAnswer>;
  /** Leases among those named that are lost. */
  heartbeat(leases: readonly string[]): Promise<string[]>;
  release(pulled: PulledTask, granted: Granted, reason: string): Promise<void>;
  /** Does whatever comes until `signal` aborts or the run is over; `rewardOf` gives each sample its reward. */
  serve(signal: AbortSignal, rewardOf: RewardOf): Promise<void>;
}

export async function openScriptedWorker(run: CoordinatedRun, name: string): Promise<ScriptedWorker> {
  await using opening = new AsyncDisposableStack();
  const client = opening.use(run.client(name));
  const { natsUrl: url, natsUser: user, natsPassword: password } = await client.connect("worker");
  const link = opening.use(await openNats({ url, user, password, name }));
  const queue = opening.use(
    await openTaskQueue(link, run.run, { lanes: ["train", "eval"], variant: "base" }),
  );
  const stream = opening.use(client.collect());
  const waiting: { readonly key: string; readonly answered: PromiseWithResolvers<CollectAnswer> }[] = [];
  const over = new AbortController();
  const listening = (async () => {
    try {
      for await (const answer of stream.answers) {
        const key = keyOf(answer);
        const at = waiting.findIndex((entry) => entry.key === key);
        if (at >= 0) waiting.splice(at, 1)[0]?.answered.resolve(answer);
      }
    } catch (error) {
      for (const { answered } of waiting) answered.reject(error);
    } finally {
      over.abort();
    }
  })();
  const open = opening.move();

  async function ask(message: CollectMessageInit, key: string): Promise<CollectAnswer> {
    const answered = Promise.withResolvers<CollectAnswer>();
    waiting.push({ key, answered });
    await stream.send(message);
    return await withDeadline(`the answer to ${key}`, ANSWER_DEADLINE_MS, answered.promise);
  }

  async function aboutSample(
    message: CollectMessageInit,
    task: string,
    sample: number,
  ): Promise<SampleAnswer> {
    return (await ask(message, `${task}/${sample}`)).sample as SampleAnswer;
  }

  async function pullUntil(signal: AbortSignal): Promise<PulledTask | null> {
    const delivery = await queue.pull(ANSWER_DEADLINE_MS, signal);
    if (delivery === null) return null;
    const address = taskAddress(delivery.subject);
    return {
      address,
      task: decodeTask(delivery.data),
      ack: () => delivery.ack(),
      nak: (delayMs) => delivery.nak(delayMs),
      working: () => delivery.working(),
    };
  }

  async function serveTask(pulled: PulledTask, rewardOf: RewardOf): Promise<void> {
    const { granted, held } = await worker.lease(pulled.address);
    if (held) return pulled.nak(held.retryInMs);
    if (granted) await makeSamples(pulled, granted, rewardOf);
    pulled.ack();
  }

  async function makeSamples(pulled: PulledTask, granted: Granted, rewardOf: RewardOf): Promise<void> {
    for (const { sample } of granted.samples) {
      const reward = rewardOf(pulled.task, sample);
      if (reward === "engine-died") {
        return await worker.release(pulled, granted, "engine-died: the test says so");
      }
      if (reward === "prompt-too-long") await worker.fail(pulled, granted, sample, reward, false);
      else await worker.finish(pulled, granted, sample, { reward });
    }
  }

  const worker: ScriptedWorker = {
    name,
    pull: async () => {
      const pulled = await pullUntil(over.signal);
      if (pulled === null) throw new Error(`no task came to ${name}`);
      return pulled;
    },
    pullUntil: (signal) => pullUntil(AbortSignal.any([signal, over.signal])),
    lease: ({ task, dispatch, variant }) =>
      client.lease({ run: run.run, task, dispatch, worker: name, variant }),
    work: async () => {
      while (true) {
        const pulled = await worker.pull();
        const { granted, settled } = await worker.lease(pulled.address);
        if (granted) return { ...pulled, granted };
        if (settled) pulled.ack();
      }
    },
    finish: ({ task }, granted, sample, { reward = 0, tokens = [5, 6, 7], text } = {}) => {
      const made = scriptedRollout(task, granted, sample, name, tokens, text);
      const rollout = { ...made, reward: { value: reward, scorer: "test@1", exact: reward === 1 } };
      return aboutSample({ finished: { lease: granted.lease, rollout } }, task.task, sample);
    },
    partial: ({ task }, granted, sample, tokens) => {
      const { completion, ...made } = scriptedRollout(task, granted, sample, name, tokens);
      const rollout = { ...made, completion: { ...completion, finish: "FINISH_PARTIAL" as const } };
      return aboutSample({ partial: { lease: granted.lease, rollout } }, task.task, sample);
    },
    fail: ({ task: { task } }, { lease }, sample, errorClass, retry, contextTokens = 0) => {
      const message = "said the test";
      return aboutSample(
        { failed: { lease, task, sample, errorClass, message, retry, contextTokens } },
        task,
        sample,
      );
    },
    heartbeat: async (leases) =>
      (await ask({ heartbeat: { worker: name, leases: [...leases] } }, "heartbeat")).heartbeat?.lost ?? [],
    release: async ({ task }, { lease }, reason) => {
      await ask({ release: { lease, task: task.task, reason } }, lease);
    },
    serve: async (signal, rewardOf) => {
      const end = AbortSignal.any([signal, over.signal]);
      while (!end.aborted) {
        const pulled = await pullUntil(end);
        if (pulled === null) continue;
        await serveTask(pulled, rewardOf).catch((error: unknown) => {
          if (dispositionOf(error) !== "retry") throw error; // The coordinator has ended.
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      over.abort(); // First, since a queue that is closed answers at once, again and again.
      await open.disposeAsync();
      await listening;
    },
  };
  return worker;
}

function keyOf({ sample, heartbeat, release }: CollectAnswer): string {
  if (sample) return `${sample.task}/${sample.sample}`;
  return heartbeat ? "heartbeat" : (release?.lease ?? "");
}
