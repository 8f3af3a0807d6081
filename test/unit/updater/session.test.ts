import { describe, expect, it } from "vitest";
import { gracefully } from "../../../core/index.ts";
import { encodeAdapter } from "../../../llama/index.ts";
import type { BatchMessageInit } from "../../../proto/index.ts";
import { noMoments, runSession } from "../../../updater/index.ts";
import { scriptedSession, untrained } from "../../support/trainer-session.ts";
import { batchMessages, trainedGroup } from "../../support/training-groups.ts";

const rollout = { prompt: [1, 2], completion: [3], mu: [-1] };
const group = trainedGroup("t", [
  { ...rollout, reward: 1 },
  { ...rollout, reward: 0 },
]);
const opened = (step: number): BatchMessageInit => ({ opened: { epoch: 7, step } });
const ended: BatchMessageInit = { runEnd: { reason: "all steps are done" } };
const never = { stop: new AbortController().signal, abandon: new AbortController().signal };

describe("a trainer's session", () => {
  it("saves each step before it is published, and publishes it before the next", async () => {
    const messages = [opened(0), ...batchMessages(1, [group]), ...batchMessages(2, [group]), ended];
    const { parts, calls } = scriptedSession({ messages });

    const reason = await runSession(parts, untrained(), never);

    expect(reason).toBe("all steps are done");
    expect(calls).toEqual([
      "open at 0",
      "save 1",
      "write",
      "publish 1 in epoch 7",
      "save 2",
      "write",
      "publish 2 in epoch 7",
    ]);
  });

  it("publishes again what the coordinator has not heard of", async () => {
    const { parts, calls } = scriptedSession({ messages: [opened(4), ended] });

    await runSession(parts, untrained({ step: 5, adapter: "a" }), never);

    expect(calls).toEqual(["open at 5", "publish 5 in epoch 7"]);
  });

  it("says again that a step was skipped", async () => {
    const { parts, calls } = scriptedSession({ messages: [opened(4), ended] });

    await runSession(parts, untrained({ step: 5, skipped: "the gradient is zero" }), never);

    expect(calls).toEqual(["open at 5", "skip 5: the gradient is zero"]);
  });

  it("goes back to an older policy by its checkpoint, and hands that over again", async () => {
    const rewind = { source: 2, adapter: "b" };
    const messages = [{ opened: { epoch: 7, step: 6, rewind } }, ...batchMessages(7, [group]), ended];
    const old = untrained({ step: 2, adapter: "b", moments: { ...noMoments(2), updates: 2 } });
    const { parts, calls, saved } = scriptedSession({ messages, kept: [old] });

    await runSession(parts, untrained({ step: 5, adapter: "a" }), never);

    expect(calls.slice(0, 4)).toEqual(["open at 5", "save 6", "write", "publish 6 in epoch 7"]);
    expect(saved[0]).toEqual({ ...old, step: 6 });
    expect(saved[1]?.moments.updates).toBe(3);
  });

  it("goes back to an older policy by its adapter, with a fresh optimizer state", async () => {
    const rewind = { source: 2, adapter: "b" };
    const tensors = ["lora_a", "lora_b"].map((part, index) => ({
      name: `blk.0.attn_q.weight.${part}`,
      rows: 1,
      columns: 1,
      values: Float32Array.of(8 + index),
    }));
    const adapter = encodeAdapter({ base: "", alpha: 1, tensors });
    const { parts, calls, saved } = scriptedSession({
      messages: [{ opened: { epoch: 7, step: 6, rewind } }, ended],
      adapter,
    });

    await runSession(parts, untrained({ step: 5, adapter: "a" }), never);

    expect(calls).toEqual(["open at 5", "fetch 2", "save 6", "write", "publish 6 in epoch 7"]);
    expect(saved[0]).toMatchObject({ step: 6, adapter: "b", moments: noMoments(2) });
    expect([...(saved[0]?.parameters ?? [])]).toEqual([8, 9]);
  });

  it("goes back to the base by the state that it started from", async () => {
    const rewind = { source: 0, adapter: "" };
    const { parts, calls, saved } = scriptedSession({
      messages: [{ opened: { epoch: 7, step: 6, rewind } }, ended],
    });

    await runSession(parts, untrained({ step: 5, adapter: "a" }), never);

    expect(calls).toEqual(["open at 5", "save 6", "write"]);
    expect(saved[0]).toEqual(untrained({ step: 6 }));
  });

  it("hands over again what it went back to before, and does not go back twice", async () => {
    const rewind = { source: 2, adapter: "b" };
    const { parts, calls } = scriptedSession({
      messages: [{ opened: { epoch: 7, step: 6, rewind } }, ended],
    });

    await runSession(parts, untrained({ step: 6, adapter: "b" }), never);

    expect(calls).toEqual(["open at 6", "publish 6 in epoch 7"]);
  });

  it("refuses to go on from a checkpoint that is not the run's", async () => {
    const { parts } = scriptedSession({ messages: [opened(9), ended] });

    await expect(runSession(parts, untrained({ step: 5 }), never)).rejects.toThrow(
      "the newest checkpoint is of step 5, the run is at step 9: it cannot go on from there",
    );
  });

  it("refuses a batch that is not what its digest says", async () => {
    const messages = [opened(0), ...batchMessages(1, [group]).slice(0, -1), { end: { digest: "0" } }];
    const { parts } = scriptedSession({ messages });

    await expect(runSession(parts, untrained(), never)).rejects.toThrow(
      "the batch of step 1 has 1 of 1 groups",
    );
  });

  it("is lost, and can be opened again, when the stream ends before the run", async () => {
    const { parts, saved } = scriptedSession({ messages: [opened(0), ...batchMessages(1, [group])] });

    await expect(runSession(parts, untrained(), never)).rejects.toMatchObject({ disposition: "retry" });

    expect(saved.map(({ step }) => step)).toEqual([1]);
  });

  it("ends at once when it is stopped while it waits for a batch", async () => {
    const { parts, calls } = scriptedSession({ messages: [opened(0)], staysOpen: true });
    const stop = new AbortController();

    const session = runSession(parts, untrained(), gracefully(stop.signal, 1_000));
    stop.abort();

    expect(await session).toBeNull();
    expect(calls).toEqual(["open at 0"]);
  });

  it("finishes and publishes the step in work when it is stopped", async () => {
    const messages = [opened(0), ...batchMessages(1, [group]), ...batchMessages(2, [group])];
    const { parts, calls } = scriptedSession({ messages, staysOpen: true });
    const stop = new AbortController();
    const backward = parts.engine.backward;
    const stopping = {
      ...parts.engine,
      backward: (coefficientsT: Float32Array) => {
        stop.abort();
        return backward(coefficientsT);
      },
    };

    const reason = await runSession(
      { ...parts, engine: stopping },
      untrained(),
      gracefully(stop.signal, 1_000),
    );

    expect(reason).toBeNull();
    expect(calls).toEqual(["open at 0", "save 1", "write", "publish 1 in epoch 7"]);
  });
});

describe("a gradient that cannot be used", () => {
  const batches = (...steps: number[]) => steps.flatMap((step) => batchMessages(step, [group]));

  it("skips the step and leaves the policy as it is", async () => {
    const messages = [opened(0), ...batches(1), ended];
    const { parts, calls, saved } = scriptedSession({ messages, gradients: [[Number.NaN, 1]] });

    await runSession(parts, untrained(), never);

    expect(calls).toEqual(["open at 0", "save 1", "skip 1: the gradient is not finite"]);
    expect(saved[0]).toMatchObject({ step: 1, adapter: "", parameters: Float32Array.of(1, 2) });
  });

  it("stops the run the third time in a row", async () => {
    const messages = [opened(0), ...batches(1, 2, 3), ended];
    const { parts } = scriptedSession({ messages, gradients: [[Number.POSITIVE_INFINITY, 1]] });

    await expect(runSession(parts, untrained(), never)).rejects.toThrow(
      "the gradient of step 3 is not finite, the third in a row",
    );
  });

  it("is forgiven by a step that is", async () => {
    const messages = [opened(0), ...batches(1, 2, 3, 4, 5), ended];
    const bad = [Number.NaN, 1];
    const { parts, calls } = scriptedSession({ messages, gradients: [bad, bad, [1, 1], bad, bad] });

    await runSession(parts, untrained(), never);

    expect(calls.filter((call) => call.startsWith("publish"))).toEqual(["publish 3 in epoch 7"]);
  });

  it("skips the step when it is zero", async () => {
    const { parts, calls } = scriptedSession({
      messages: [opened(0), ...batches(1), ended],
      gradients: [[0, 0]],
    });

    await runSession(parts, untrained(), never);

    expect(calls.at(-1)).toBe("skip 1: the gradient is zero");
  });
});
