import type { EngineCompletion, GroupRequest, GroupSink } from "../../llama/index.ts";
import type { CollectMessageInit, MissingSample, TaskInit } from "../../proto/index.ts";
import { encodeTask } from "../../transport/index.ts";
import { type LeasedGroup, type ServeGroupDeps, serveGroup } from "../../workers/index.ts";
import { silentLogger } from "./silent-logger.ts";
import { turn } from "./turn.ts";

const policy = { version: 3, adapter: "a3" };

/** What matters to a case; the rest is a training group whose samples are all accepted. */
export interface Serving {
  readonly samples: readonly number[];
  readonly prefix?: MissingSample["prefix"];
  readonly task?: TaskInit;
  readonly body?: Uint8Array;
  readonly outcome?: "OUTCOME_ACCEPTED" | "OUTCOME_REFUSED";
  readonly score?: ServeGroupDeps["rewards"]["score"];
  readonly admit?: ServeGroupDeps["gate"]["admit"];
}

/** Serves a group with an engine and a coordinator that the test plays. */
export function serving(how: Serving) {
  const stop = new AbortController();
  const lost = new AbortController();
  const engine = fakeEngine();
  const log = {
    messages: [] as CollectMessageInit[],
    delivered: [] as string[],
    released: [] as string[],
    admitted: [] as unknown[],
    handedOver: 0,
  };
  const taken: string[] = [];
  const deps = {
    engine: {
      tokenizePrompt: async () => Int32Array.of(7, 8),
      generate: (request: GroupRequest, sink: GroupSink) =>
        engine.start(request, sink, () => log.handedOver++),
    },
    gate: {
      admit:
        how.admit ??
        (async (order: unknown) => {
          log.admitted.push(order);
          return { policy, [Symbol.dispose]: () => {} };
        }),
    },
    room: {
      taken,
      take: (samples: number) => {
        taken.push(`take ${samples}`);
        return {
          sampleEnded: () => void taken.push("ended"),
          [Symbol.dispose]: () => void taken.push("left"),
        };
      },
    },
    collector: {
      deliver: async ({ message }) => {
        const { finished, partial, failed } = message;
        const { task = "", sample = 0 } = finished?.rollout ?? partial?.rollout ?? failed ?? {};
        log.messages.push(message);
        log.delivered.push(`${Object.keys(message)[0]} ${sample}`);
        return { task, sample, outcome: how.outcome ?? "OUTCOME_ACCEPTED", reason: "", keepTrace: false };
      },
      release: async (_lease, _task, reason) => void log.released.push(reason),
    },
    rewards: {
      score:
        how.score ??
        (async ({ input }) => ({
          reward: input.reply === "right" ? 1 : 0,
          exact: false,
          errorClass: "",
          scorer: "s@1",
          components: [],
          explanationJson: "{}",
        })),
    },
    fetchReference: async () => ({ files: {}, oracle: [] }),
    origin: { worker: "w1", device: "CPU", variant: "base" },
    stop: stop.signal,
    dead: new AbortController().signal,
    logger: silentLogger,
  } satisfies ServeGroupDeps & { room: { taken: string[] } };

  const served = serveGroup(leasedGroup(how, lost.signal), deps, () => {});
  served.catch(() => {}); // Looked at by the test.
  return { deps, engine, log, served, stop, lost };
}

function leasedGroup({ samples, prefix = null, task, body }: Serving, lost: AbortSignal): LeasedGroup {
  const lane = task?.lane ?? "train";
  return {
    address: { lane, variant: "base", task: "t1", dispatch: 0 },
    body: body ?? encodeTask(taskThat({ lane, ...task })),
    granted: {
      lease: "l1",
      samples: samples.map((sample) => ({ sample, attempt: 0, prefix })),
      policy,
      termMs: 600,
    },
    lease: { lease: "l1", lost, [Symbol.dispose]: () => {} },
    trace: null,
  };
}

function taskThat(overrides: TaskInit): TaskInit {
  return {
    run: "run1",
    variant: "base",
    task: "t1",
    instance: "repo-17",
    messages: [{ role: "user", content: "fix it" }],
    sampling: { temperature: 1, topP: 1, maxTokens: 64 },
    reward: { name: "swe-rl", optionsJson: "{}" },
    reference: { files: {}, oracle: [] },
    seed: "42",
    ...overrides,
  };
}

/** An engine whose samples end when the test says so. */
function fakeEngine() {
  const started = Promise.withResolvers<GroupRequest>();
  const done = Promise.withResolvers<void>();
  let sink: GroupSink | null = null;
  let open = 0;
  let left: EngineCompletion[] = [];
  const end = () => {
    open -= 1;
    if (open === 0) done.resolve();
  };
  return {
    started: started.promise,
    start: (request: GroupRequest, to: GroupSink, onHandOver: () => void) => {
      sink = to;
      open = request.samples.length;
      started.resolve(request);
      return {
        cancel: () => {},
        handOver: async () => {
          onHandOver();
          done.resolve();
          return left;
        },
        done: done.promise,
      };
    },
    finish: (completion: EngineCompletion) => {
      sink?.finished(completion);
      end();
    },
    fail: (sample: number, failure: Parameters<GroupSink["failed"]>[1]) => {
      sink?.failed(sample, failure);
      end();
    },
    leave: (completions: EngineCompletion[]) => {
      left = completions;
    },
  };
}

/** A finished completion of two tokens. */
export function completionThat(overrides: Partial<EngineCompletion>): EngineCompletion {
  return {
    sample: 0,
    tokens: Int32Array.of(5, 6),
    logp: Float32Array.of(-1, -2),
    logq: new Float32Array(),
    entropy: Float32Array.of(0.5, 0.5),
    spans: [{ from: 0, policy }],
    finish: "end",
    text: "",
    timings: { queuedMs: 0, prefillMs: 1, decodeMs: 2, spanStartsMs: [0] },
    ...overrides,
  };
}

/** Lets everything that is ready run, and what follows from it. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}
