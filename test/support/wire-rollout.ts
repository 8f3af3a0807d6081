import type { RolloutInit } from "../../proto/index.ts";
import { float32Bytes, int32Bytes } from "../../transport/index.ts";

/** A rollout with something in each kind of field: small and large numbers, text beyond ASCII, lists, enumerations. */
export const WIRE_ROLLOUT = {
  run: "demo",
  lane: "train",
  task: "t1",
  sample: 0,
  promptTokens: int32Bytes(Int32Array.of(1, 128_255, 7)),
  completion: {
    tokens: int32Bytes(Int32Array.of(5, 6)),
    logp: float32Bytes(Float32Array.of(-0.25, -1e-7)),
    entropy: float32Bytes(Float32Array.of(1.5, 0)),
    spans: [{ from: 0, policyVersion: 3, worker: "w" }],
    finish: "FINISH_END",
    text: "größer",
  },
  reward: { value: -1, scorer: "swe-rl/1", components: [{ name: "format", value: -1, weight: 1 }] },
  temperature: 1,
} satisfies RolloutInit;
