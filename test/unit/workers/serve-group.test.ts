import { describe, expect, it } from "vitest";
import { randomKey } from "../../../core/index.ts";
import { float32Bytes, int32Bytes } from "../../../transport/index.ts";
import { RewardAwayError, RewardFailedError } from "../../../workers/index.ts";
import { completionThat, serving, settle } from "../../support/serving-group.ts";

const NO_SCORE = { exact: false, errorClass: "", scorer: "s@1", components: [], explanationJson: "{}" };

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

  describe("A failed generation is a failed record", () => {
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
      expect(log.released).toEqual(["sample-failed: the coordinator has to make up for a sample"]);
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
    expect(log.released).toEqual(["worker-stopping: received SIGTERM"]);
  });

  describe("A reward that is not there is nobody's fault", () => {
    const away = () => Promise.reject(new RewardAwayError("scoring failed: nobody was there"));

    it("and is asked again until it is back", async () => {
      let asked = 0;
      const { engine, log, served } = serving({
        samples: [0],
        score: () => (++asked < 3 ? away() : Promise.resolve({ ...NO_SCORE, reward: 0.5 })),
      });

      await engine.started;
      engine.finish(completionThat({ sample: 0 }));
      await served;

      expect(log.messages).toEqual([{ finished: expect.anything() }]);
      expect(log.messages[0]?.finished?.rollout?.reward?.value).toBe(0.5);
      expect(log.released).toEqual([]);
    });

    it("and what waits for it goes on elsewhere, with all its tokens, when the worker stops", async () => {
      const { engine, log, served, stop } = serving({ samples: [0], score: away });

      await engine.started;
      engine.finish(completionThat({ sample: 0, tokens: Int32Array.of(5, 6) }));
      stop.abort(new Error("received SIGTERM"));
      await served;

      expect(log.delivered).toEqual(["partial 0"]);
      expect(log.messages[0]?.partial?.rollout).toMatchObject({
        reward: null,
        completion: { finish: "FINISH_PARTIAL", tokens: int32Bytes(Int32Array.of(5, 6)) },
      });
      expect(log.released).toHaveLength(1);
    });

    it("and what waits for it is dropped with the lease", async () => {
      const { engine, log, served, lost } = serving({ samples: [0], score: away });

      await engine.started;
      engine.finish(completionThat({ sample: 0 }));
      lost.abort(new Error("lease l1 is over"));

      await expect(served).rejects.toThrow("lease l1 is over");
      expect(log.messages).toEqual([]);
    });
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
    expect(log.released).toEqual(["engine-died: signal SIGKILL"]);
  });

  it("releases the lease when the policy cannot be had", async () => {
    const { log, served } = serving({
      samples: [0],
      admit: () => Promise.reject(new Error("no object a9")),
    });

    await served;

    expect(log.released).toEqual(["unavailable: no object a9"]);
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

    expect(log.released).toEqual(["sample-failed: the coordinator has to make up for a sample"]);
  });
});
