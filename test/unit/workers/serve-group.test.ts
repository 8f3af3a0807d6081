import { describe, expect, it } from "vitest";
import { randomKey } from "../../../core/index.ts";
import type { EngineCompletion, GroupRequest, GroupSink } from "../../../llama/index.ts";
import type { CollectMessageInit, MissingSample, TaskInit } from "../../../proto/index.ts";
import { encodeTask, float32Bytes, int32Bytes } from "../../../transport/index.ts";
import {
  type LeasedGroup,
  RewardFailedError,
  type ServeGroupDeps,
  serveGroup,
} from "../../../workers/index.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { turn } from "../../support/turn.ts";

describe("serveGroup", () => {
  it("scores each completion as it ends and resolves when all are acknowledged", async () => {
    const { deps, engine, log, served } = serving({ samples: [0, 1] });

    await engine.started;
    engine.finish(completionThat({ sample: 1, text: "right" }));
    await settle();
    expect(log.delivered).toEqual(["finished 1"]);
    engine.finish(completionThat({ sample: 0, text: "wrong" }));
    await served;

    expect(log.delivered).toEqual(["finished 1", "finished 0"]);
    expect(log.messages[0]?.finished?.rollout).toMatchObject({
      task: "t1",
      sample: 1,
      reward: { value: 1 },
      completion: { text: "right", spans: [{ worker: "w1", device: "CPU", variant: "base" }] },
    });
    expect(log.released).toEqual([]);
    expect(deps.room.taken).toEqual(["take 2", "ended", "ended", "left"]);
  });

  it("asks the engine for exactly the missing samples, with the key of run, task and index", async () => {
    const prefix = {
      tokens: Buffer.from(int32Bytes(Int32Array.of(5))),
      logp: Buffer.from(float32Bytes(Float32Array.of(-1))),
      logq: Buffer.alloc(0),
      entropy: Buffer.from(float32Bytes(Float32Array.of(0.5))),
      spans: [{ from: 0, policyVersion: 1, adapter: "a1", worker: "w0", device: "CPU", variant: "base" }],
      finish: "FINISH_PARTIAL" as const,
      text: "",
    };
    const { engine } = serving({ samples: [4], prefix });

    const request = await engine.started;

    expect(request).toMatchObject({
      prompt: Int32Array.of(7, 8),
      sampling: { temperature: 1, maxTokens: 64 },
      samples: [{ sample: 4, key: randomKey("42/t1/4"), prefix: { tokens: Int32Array.of(5) } }],
    });
  });

  it("reports a failed generation as a failure and hands the lease back, so that it is made up for", async () => {
    const { engine, log, served } = serving({ samples: [0] });

    await engine.started;
    engine.fail(0, { errorClass: "non-finite-logits", message: "NaN at token 3", retry: true });
    await served;

    expect(log.messages[0]?.failed).toEqual({
      lease: "l1",
      task: "t1",
      sample: 0,
      errorClass: "non-finite-logits",
      message: "NaN at token 3",
      retry: true,
    });
    expect(log.released).toEqual(["a sample failed or was refused"]);
  });

  it("reports a reward that failed as a failure, never as a number", async () => {
    const { engine, log, served } = serving({
      samples: [0],
      score: () => Promise.reject(new RewardFailedError("scoring took longer than 10 ms")),
    });

    await engine.started;
    engine.finish(completionThat({ sample: 0 }));
    await served;

    expect(log.messages).toEqual([
      { failed: expect.objectContaining({ sample: 0, errorClass: "reward-failed" }) },
    ]);
  });

  it("hands over partial completions and releases the rest when the worker stops", async () => {
    const { engine, log, served, stop } = serving({ samples: [0, 1, 2] });
    await engine.started;
    engine.finish(completionThat({ sample: 0 }));

    engine.leave([completionThat({ sample: 1, finish: "partial" })]);
    stop.abort(new Error("received SIGTERM"));
    await served;

    expect(log.delivered).toEqual(["finished 0", "partial 1"]);
    expect(log.messages[1]?.partial?.rollout).toMatchObject({
      sample: 1,
      reward: null,
      completion: { finish: "FINISH_PARTIAL" },
    });
    expect(log.released).toEqual(["received SIGTERM"]);
  });

  it("stops the sequences of a lost lease and reports nothing unfinished", async () => {
    const { engine, log, served, lost } = serving({ samples: [0, 1] });
    await engine.started;

    engine.leave([completionThat({ sample: 0, finish: "partial" })]);
    lost.abort(new Error("lease l1 is over"));

    await expect(served).rejects.toThrow("lease l1 is over");
    expect(log).toMatchObject({ delivered: [], released: [], handedOver: 1 });
  });

  it("releases the lease of an engine that died and blames no sample for it", async () => {
    const { engine, log, served } = serving({ samples: [0, 1] });
    await engine.started;

    engine.finish(completionThat({ sample: 0 }));
    engine.fail(1, { errorClass: "engine-died", message: "signal SIGKILL", retry: true });
    await served;

    expect(log.delivered).toEqual(["finished 0"]);
    expect(log.released).toEqual(["signal SIGKILL"]);
  });

  it("releases the lease when the policy cannot be had", async () => {
    const { log, served } = serving({
      samples: [0],
      admit: () => Promise.reject(new Error("no object a9")),
    });

    await served;

    expect(log.released).toEqual(["no object a9"]);
  });

  it("asks for exactly the lease's policy in evaluation", async () => {
    const { engine, log } = serving({ samples: [0], task: { lane: "eval" } });

    await engine.started;

    expect(log.admitted).toEqual([{ exact: true, policy: { version: 3, adapter: "a3" } }]);
  });

  it("reports bytes that are no task as malformed, so that the delivery can be acknowledged", async () => {
    const { log, served } = serving({ samples: [0, 1], body: Uint8Array.of(255, 255, 255) });

    await served;

    expect(log.messages.map(({ failed }) => failed)).toEqual([
      expect.objectContaining({ sample: 0, errorClass: "malformed", retry: false }),
      expect.objectContaining({ sample: 1, errorClass: "malformed", retry: false }),
    ]);
    expect(log.released).toEqual([]);
  });

  it("releases the lease when the coordinator refuses a sample, rather than wait for its end", async () => {
    const { engine, log, served } = serving({ samples: [0], outcome: "OUTCOME_REFUSED" });

    await engine.started;
    engine.finish(completionThat({ sample: 0 }));
    await served;

    expect(log.released).toEqual(["a sample failed or was refused"]);
  });
});

const policy = { version: 3, adapter: "a3" };

interface Serving {
  readonly samples: readonly number[];
  readonly prefix?: MissingSample["prefix"];
  readonly task?: TaskInit;
  readonly body?: Uint8Array;
  readonly outcome?: "OUTCOME_ACCEPTED" | "OUTCOME_REFUSED";
  readonly score?: ServeGroupDeps["rewards"]["score"];
  readonly admit?: ServeGroupDeps["gate"]["admit"];
}

/** Serves a group with an engine and a coordinator that the test plays. */
function serving(how: Serving) {
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
      deliver: async ({ task, sample, message }) => {
        log.messages.push(message);
        log.delivered.push(`${Object.keys(message)[0]} ${sample}`);
        return { task, sample, outcome: how.outcome ?? "OUTCOME_ACCEPTED", reason: "" };
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
    address: { run: "run1", lane, variant: "base", task: "t1", dispatch: 0 },
    body: body ?? encodeTask(taskThat({ lane, ...task })),
    granted: {
      lease: "l1",
      samples: samples.map((sample) => ({ sample, attempt: 0, prefix })),
      policy,
      termMs: 600,
    },
    lease: { lease: "l1", lost, [Symbol.dispose]: () => {} },
    traceId: "",
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

function completionThat(overrides: Partial<EngineCompletion>): EngineCompletion {
  return {
    sample: 0,
    tokens: Int32Array.of(5, 6),
    logp: Float32Array.of(-1, -2),
    logq: new Float32Array(),
    entropy: Float32Array.of(0.5, 0.5),
    spans: [{ from: 0, policy }],
    finish: "end",
    text: "",
    timings: { queuedMs: 0, prefillMs: 1, decodeMs: 2 },
    ...overrides,
  };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}
