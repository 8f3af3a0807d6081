import { describe, expect, it } from "vitest";
import type { EngineCompletion } from "../../../llama/index.ts";
import type { Completion, CompletionInit, Task } from "../../../proto/index.ts";
import { decodeRollout, encodeRollout, float32Bytes, int32Bytes } from "../../../transport/index.ts";
import {
  type Origin,
  ROLLOUT_BYTES_AT_MOST,
  readPrefix,
  recordCompletion,
  recordRollout,
} from "../../../workers/index.ts";

const here: Origin = { worker: "w2", device: "CPU", variant: "base" };
const policy = (version: number) => ({ version, adapter: `a${version}` });

describe("recordCompletion", () => {
  it("names who sampled each span, and under which policy", () => {
    const completion = completionThat({
      tokens: 5,
      spans: [
        { from: 0, policy: policy(3) },
        { from: 4, policy: policy(4) },
      ],
    });

    expect(recordCompletion(completion, null, here)).toMatchObject({
      finish: "FINISH_END",
      spans: [
        { from: 0, policyVersion: 3, adapter: "a3", ...here },
        { from: 4, policyVersion: 4, adapter: "a4", ...here },
      ],
    });
  });

  it("keeps the spans of an earlier worker as recorded and names itself from its first own token on", () => {
    const prefix = prefixThat({ tokens: 3, version: 3 });
    const completion = completionThat({
      tokens: 6,
      spans: [
        { from: 0, policy: policy(3) },
        { from: 5, policy: policy(4) },
      ],
    });

    expect(recordCompletion(completion, prefix, here).spans).toEqual([
      ...prefix.spans,
      { from: 3, policyVersion: 3, adapter: "a3", ...here },
      { from: 5, policyVersion: 4, adapter: "a4", ...here },
    ]);
  });

  it("adds no span when it added no token", () => {
    const prefix = prefixThat({ tokens: 3, version: 3 });
    const completion = completionThat({ tokens: 3, spans: [{ from: 0, policy: policy(3) }] });

    expect(recordCompletion(completion, prefix, here).spans).toEqual(prefix.spans);
  });
});

describe("readPrefix", () => {
  it("gives the engine what an earlier worker recorded", () => {
    const prefix = prefixThat({ tokens: 3, version: 7 });

    expect(readPrefix(prefix)).toEqual({
      tokens: Int32Array.of(0, 1, 2),
      logp: Float32Array.of(-1, -1, -1),
      logq: new Float32Array(),
      entropy: Float32Array.of(2, 2, 2),
      spans: [{ from: 0, policy: policy(7) }],
    });
  });
});

describe("recordRollout", () => {
  it("records everything that is known of a sample", () => {
    const { rollout, bytes } = recordRollout(contextThat({}), completionInit(), timings, scoreThat({}));
    const encoded = encodeRollout(rollout);

    expect(bytes).toBe(encoded.byteLength);
    expect(decodeRollout(encoded)).toMatchObject({
      run: "run1",
      lane: "train",
      task: "t1",
      sample: 3,
      attempt: 1,
      instance: "repo-17",
      promptTokens: Buffer.from(int32Bytes(Int32Array.of(1, 2))),
      completion: { finish: "FINISH_END", text: "fixed" },
      reward: {
        value: 0.5,
        scorer: "swe-rl@1",
        exact: false,
        errorClass: "",
        explanationJson: '{"files":[]}',
      },
      seed: "42",
      temperature: 0.7,
      timings: { queuedMs: 1, prefillMs: 2, decodeMs: 3, rewardMs: 4 },
      traceId: "abc",
      worker: "w2",
    });
  });

  it("has no reward when the sample is partial", () => {
    const { rollout } = recordRollout(contextThat({}), completionInit(), timings, null);

    expect(rollout.reward).toBeNull();
  });

  it("cuts an explanation that would not fit, and says so inside it, still as JSON", () => {
    const explanationJson = JSON.stringify({ diff: '"€\n'.repeat(400_000) });

    const { rollout, bytes } = recordRollout(contextThat({}), completionInit(), timings, {
      ...scoreThat({}),
      explanationJson,
    });

    expect(bytes).toBeLessThanOrEqual(ROLLOUT_BYTES_AT_MOST);
    expect(bytes).toBeGreaterThan(ROLLOUT_BYTES_AT_MOST / 3);
    const cut = JSON.parse(rollout.reward?.explanationJson ?? "");
    expect(cut.cut).toBe(true);
    expect(explanationJson.startsWith(cut.begins)).toBe(true);
  });

  it("refuses a completion that does not fit even without an explanation", () => {
    const completion = { ...completionInit(), text: "x".repeat(ROLLOUT_BYTES_AT_MOST) };

    expect(() => recordRollout(contextThat({}), completion, timings, scoreThat({}))).toThrow(
      /^the rollout has \d+ bytes, of which 12 are its explanation; 768000 is the most$/,
    );
  });
});

const timings = { queuedMs: 1, prefillMs: 2, decodeMs: 3, rewardMs: 4 };

function contextThat(overrides: Partial<Task>) {
  const task: Task = {
    run: "run1",
    lane: "train",
    variant: "base",
    task: "t1",
    dispatch: 0,
    instance: "repo-17",
    messages: [],
    samples: [3],
    sampling: { temperature: 0.7, topK: 0, topP: 1, minP: 0, maxTokens: 9, stop: [] },
    reward: null,
    policy: null,
    reference: null,
    referenceDigest: "",
    seed: "42",
    ...overrides,
  };
  return { task, sample: 3, attempt: 1, promptTokens: Int32Array.of(1, 2), worker: "w2", traceId: "abc" };
}

function scoreThat(overrides: { explanationJson?: string }) {
  return {
    reward: 0.5,
    exact: false,
    errorClass: "",
    scorer: "swe-rl@1",
    components: [{ name: "similarity", value: 0.5, weight: 1 }],
    explanationJson: '{"files":[]}',
    ...overrides,
  };
}

function completionInit(): CompletionInit {
  return recordCompletion(
    { ...completionThat({ tokens: 4, spans: [{ from: 0, policy: policy(1) }] }), text: "fixed" },
    null,
    here,
  );
}

function completionThat(how: { tokens: number; spans: EngineCompletion["spans"] }): EngineCompletion {
  return {
    sample: 3,
    tokens: Int32Array.from({ length: how.tokens }, (_, i) => i),
    logp: new Float32Array(how.tokens).fill(-1),
    logq: new Float32Array(),
    entropy: new Float32Array(how.tokens).fill(2),
    spans: how.spans,
    finish: "end",
    text: "",
    timings: { queuedMs: 1, prefillMs: 2, decodeMs: 3, spanStartsMs: [0] },
  };
}

function prefixThat({ tokens, version }: { tokens: number; version: number }): Completion {
  return {
    tokens: Buffer.from(int32Bytes(Int32Array.from({ length: tokens }, (_, i) => i))),
    logp: Buffer.from(float32Bytes(new Float32Array(tokens).fill(-1))),
    logq: Buffer.alloc(0),
    entropy: Buffer.from(float32Bytes(new Float32Array(tokens).fill(2))),
    spans: [
      {
        from: 0,
        policyVersion: version,
        adapter: `a${version}`,
        worker: "w1",
        device: "CUDA0",
        variant: "base",
      },
    ],
    finish: "FINISH_PARTIAL",
    text: "",
  };
}
