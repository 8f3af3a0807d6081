import { describe, expect, it } from "vitest";
import { policyProblem, rolloutProblem } from "../../../../coordinator/collecting/check-rollout.ts";
import type { CompletionInit, Rollout, RolloutInit } from "../../../../proto/index.ts";
import { decodeRollout, encodeRollout, float32Bytes, int32Bytes } from "../../../../transport/index.ts";
import { accepted, batched, evalIssued, issued, runThat, trained } from "../../../support/ledger-history.ts";

describe("a finished rollout", () => {
  it("is taken as it should be, at both ends of the reward's range", () => {
    expect(
      [rollout({}), rollout({ reward: { value: -1 } }), rollout({ reward: { value: 1 } })].map(problem),
    ).toEqual([null, null, null]);
  });

  it.each<[string, RolloutInit, RegExp]>([
    ["without a completion", { completion: null }, /no completion/],
    ["without tokens", completion({ tokens: Buffer.alloc(0) }), /no whole tokens/],
    ["with half a token", completion({ tokens: Buffer.alloc(7) }), /no whole tokens/],
    [
      "with a log-probability too few",
      completion({ logp: float32Bytes(Float32Array.of(-1)) }),
      /not one a token/,
    ],
    ["with entropies for other tokens", completion({ entropy: Buffer.alloc(4) }), /not one a token/],
    [
      "with a log-probability that is not finite",
      completion({ logp: float32Bytes(Float32Array.of(-1, Number.NaN)) }),
      /not finite/,
    ],
    ["whose first span begins later", completion({ spans: [{ from: 1 }] }), /spans do not begin/],
    [
      "that is not finished",
      completion({ finish: "FINISH_PARTIAL" }),
      /sent as finished and its finish is FINISH_PARTIAL/,
    ],
    ["without a finish", completion({ finish: "FINISH_UNSPECIFIED" }), /its finish is FINISH_UNSPECIFIED/],
    ["without a reward", { reward: null }, /no reward/],
    ["with a reward beyond the range", { reward: { value: 1.5 } }, /its reward 1.5 is not within -1 to 1/],
    ["with a reward that is no number", { reward: { value: Number.NaN } }, /its reward NaN/],
  ])("%s is refused in words", (_, given, reason) => {
    expect(problem(rollout(given))).toMatch(reason);
  });
});

describe("a partial rollout", () => {
  it("needs no reward, and must say that it is partial", () => {
    const partial = rollout({ ...completion({ finish: "FINISH_PARTIAL" }), reward: null });

    expect(rolloutProblem(partial, false)).toBeNull();
    expect(rolloutProblem(rollout({}), false)).toBe("it is sent as partial and its finish is FINISH_END");
  });
});

describe("a rollout's policy", () => {
  const state = runThat(
    { prompts: 1 },
    issued(0),
    accepted("t0", 0),
    batched(1, ["t0"], [0]),
    trained(1),
    evalIssued(1, 0),
  );

  it.each([
    ["of a known version and adapter is fine", "t9", { policyVersion: 1, adapter: "a1" }, null],
    [
      "that there is not yet is refused",
      "t9",
      { policyVersion: 2, adapter: "a2" },
      "it was sampled by policy 2, which there is not yet",
    ],
    [
      "with another adapter is refused",
      "t9",
      { policyVersion: 1, adapter: "a7" },
      "policy 1 is adapter a1, not a7",
    ],
    [
      "in an evaluation of another version is refused",
      "e1-0",
      { policyVersion: 0, adapter: "" },
      "its evaluation is of policy 1, and it was sampled by policy 0",
    ],
  ])("%s", (_, task, span, expected) => {
    const given = rollout({ task, ...completion({ spans: [{ from: 0, ...span }] }) });

    expect(policyProblem(state, given)).toBe(expected);
  });
});

function problem(given: Rollout): string | null {
  return rolloutProblem(given, true);
}

function rollout(given: RolloutInit): Rollout {
  return decodeRollout(encodeRollout({ ...completion({}), reward: { value: 0.5 }, ...given }));
}

function completion(given: CompletionInit): RolloutInit {
  return {
    completion: {
      tokens: int32Bytes(Int32Array.of(1, 2)),
      logp: float32Bytes(Float32Array.of(-1, -2)),
      entropy: float32Bytes(Float32Array.of(1, 1)),
      spans: [{ from: 0 }],
      finish: "FINISH_END",
      ...given,
    },
  };
}
