/**
 * From a published policy to all workers sampling under it, and what that costs the sequences that are being decoded: a real
 * coordinator, nats-server and two workers with a real model, over an adapter of 40 MB.
 *
 * @module
 */
import { fork } from "node:child_process";
import { measurePolicyChange } from "../../cli/bench/measure-policy-change.ts";
import { median, pause, randomKey, withDeadline } from "../../core/index.ts";
import { ModelConfig, openEngine, readModelInfo } from "../../llama/index.ts";
import { openCoordinatedRun } from "../../test/support/coordinated-run.ts";
import { endProcess } from "../../test/support/end-process.ts";
import { openScriptedTrainer } from "../../test/support/scripted-trainer.ts";
import { openScriptedWorker } from "../../test/support/scripted-worker.ts";
import type { WorkerMessage, WorkerOrder } from "../../test/support/worker-process.ts";
import { WorkerConfig } from "../../workers/index.ts";
import { benchModel } from "../gradient-model.ts";
import type { Bench, Row } from "../row.ts";
import { wideAdapter } from "../wide-adapter.ts";

const ADAPTER_BYTES = 40e6;
const RUNS = 3;
const WORKERS = 2;
const GROUP = 2;
const SEQUENCES = 8;
const CHANGES = 5;
const DEADLINE_MS = 60_000;
const CONTEXT_TOKENS = 512;
const PROMPT = Int32Array.from({ length: 100 }, (_, index) => 1 + ((index * 7) % 250));

/** Rows `policy-update`, `policy-update-pause` and, for each way to go on, `policy-change-…`. */
export const policyUpdateBench: Bench = {
  name: "policy-update",
  measure: async () => [await publishedToActive(), await decodingPaused(), ...(await changes())],
};

async function changes(): Promise<Row[]> {
  const sizes = { slots: SEQUENCES, threads: 1, promptTokens: 500, completionTokens: 100 };
  return measurePolicyChange({ gguf: await benchModel(), device: "cpu", ...sizes });
}

async function publishedToActive(): Promise<Row> {
  const gguf = await benchModel();
  const seconds: number[] = [];
  for (let run = 0; run < RUNS; run++) seconds.push(await updateOnce(gguf, run));
  return {
    id: "policy-update",
    what: `from the publication of an adapter of 40 MB to ${WORKERS} workers, which are decoding, sampling under it; median of ${RUNS} runs`,
    value: median(seconds),
    unit: "s",
    atMost: 1,
  };
}

/** One batch by a worker without a model; then two with one take what was issued ahead, and the step is published. */
async function updateOnce(gguf: string, turn: number): Promise<number> {
  const { bytes, digest } = await wideAdapter(gguf, ADAPTER_BYTES, `update ${turn}`);
  const base = (await readModelInfo(gguf)).digest;
  await using run = await openCoordinatedRun({
    base,
    steps: 3,
    maxTokens: CONTEXT_TOKENS - 200,
    batch: { prompts: WORKERS, group: GROUP, staleness: 1 },
  });
  const { port } = await run.start({ child: true });
  await using trainer = await openScriptedTrainer(run);
  await makeBatch(run);
  await trainer.next();

  await using workers = startWorkers({
    coordinator: { address: `127.0.0.1:${port}`, token: run.token },
    model: ModelConfig.parse({ gguf, template: "raw", contextTokens: CONTEXT_TOKENS, exact: false }),
    device: "cpu",
    slots: GROUP,
    threads: 1,
    config: WorkerConfig.parse({ presenceMs: 100 }),
    spool: null,
  });
  const { trouble } = workers;
  const client = run.client("bench");
  const busy = async () => (await client.status()).workers.filter(({ busySlots }) => busySlots > 0).length;
  while ((await Promise.race([busy(), trouble])) < WORKERS) await pause(20);

  const from = performance.now();
  const header = { run: run.run, step: 1, epoch: trainer.epoch, adapter: digest, metrics: {} };
  await run.client("updater").publishPolicy(header, bytes);
  await withDeadline("both workers to follow", DEADLINE_MS, Promise.race([workers.active, trouble]));
  return (performance.now() - from) / 1_000;
}

interface Workers extends AsyncDisposable {
  /** Resolves when all sample under policy 1. */
  readonly active: Promise<void>;
  /** Rejects when one ends. */
  readonly trouble: Promise<never>;
}

/** Workers in processes of their own, as a run has them. */
function startWorkers(order: Omit<WorkerOrder, "name">): Workers {
  const active = Promise.withResolvers<void>();
  const trouble = Promise.withResolvers<never>();
  trouble.promise.catch(() => {}); // Whoever waits looks at it.
  let left = WORKERS;
  const children = Array.from({ length: WORKERS }, (_, index) => {
    const child = fork(new URL("../../test/support/worker-process.ts", import.meta.url), { execArgv: [] });
    child.on("message", ({ active: version, failure }: WorkerMessage) => {
      if (version === 1 && --left === 0) active.resolve();
      if (failure !== undefined) trouble.reject(new Error(`a worker ended: ${failure}`));
    });
    child.on("exit", () => trouble.reject(new Error("a worker ended")));
    child.send({ ...order, name: `real-${index}` } satisfies WorkerOrder);
    return child;
  });
  return {
    active: active.promise,
    trouble: trouble.promise,
    async [Symbol.asyncDispose]() {
      await Promise.all(children.map((child) => endProcess(child, "SIGKILL", "a worker's process")));
    },
  };
}

async function makeBatch(run: Awaited<ReturnType<typeof openCoordinatedRun>>): Promise<void> {
  await using worker = await openScriptedWorker(run, "scripted");
  for (let group = 0; group < WORKERS; group++) {
    const pulled = await worker.work();
    for (const { sample } of pulled.granted.samples)
      await worker.finish(pulled, pulled.granted, sample, { reward: sample % 2 });
    pulled.ack();
  }
}

/** How much longer than a step the longest silence of an engine is while it takes a policy over. */
async function decodingPaused(): Promise<Row> {
  const gguf = await benchModel();
  await using engine = await openEngine({
    gguf,
    device: "cpu",
    slots: SEQUENCES,
    contextTokens: CONTEXT_TOKENS,
    threads: 1,
    template: "raw",
    exact: false,
  });
  const pauses: number[] = [];
  for (let version = 1; version <= CHANGES; version++) {
    const { bytes, digest } = await wideAdapter(gguf, ADAPTER_BYTES, `pause ${version}`);
    const samples = Array.from({ length: SEQUENCES }, (_, sample) => ({
      sample,
      key: randomKey(`pause/${version}/${sample}`),
    }));
    const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: 400, stop: [] };
    const sink = { finished: () => {}, failed: () => {} };
    const group = engine.generate({ task: `pause-${version}`, prompt: PROMPT, samples, sampling }, sink);
    while ((await engine.status()).busySlots < SEQUENCES) await pause(1);
    const calm = await silences(engine, pause(1_000));
    const changing = await silences(
      engine,
      engine.loadAdapter(digest, bytes).then(() => engine.activate({ version, adapter: digest }, "keep")),
    );
    pauses.push(Math.max(...changing) - median(calm));
    for (const { sample } of samples) group.cancel(sample);
    await group.done;
  }
  return {
    id: "policy-update-pause",
    what: `the longest time that ${SEQUENCES} decoding sequences wait for their next token while an adapter of 40 MB is loaded beside them and taken over, beyond a usual step; median of ${CHANGES}`,
    value: median(pauses),
    unit: "ms",
    atMost: 50,
  };
}

/** Milliseconds between answers of an engine, which looks at messages between two steps, until `work` is done and a little more. */
async function silences(
  engine: Pick<Awaited<ReturnType<typeof openEngine>>, "status">,
  work: Promise<unknown>,
): Promise<number[]> {
  let isOver = false;
  const over = work
    .then(() => pause(300))
    .then(() => {
      isOver = true;
    });
  const times: number[] = [];
  for (let last = performance.now(); !isOver; ) {
    await engine.status();
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  await over;
  return times;
}
