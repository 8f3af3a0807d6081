import { rolloutProblem } from "../../../../coordinator/collecting/check-rollout.ts";
import { oldestVersion, summarizeRollout } from "../../../../coordinator/collecting/judge-sample.ts";
import type { RolloutInit } from "../../../../proto/index.ts";
import { float32Array, int32Array } from "../../../../transport/codec/arrays.ts";
import {
  decodeCollectMessage,
  decodeReference,
  decodeRollout,
  encodeCollectMessage,
  encodeReference,
  encodeRollout,
  encodeTask,
} from "../../../../transport/index.ts";
import { readTask } from "../../../../workers/read-task.ts";
import { WIRE_ROLLOUT } from "../../../support/wire-rollout.ts";
import { below, type FuzzTarget, pickOf, type Random } from "../target.ts";

const ROLLOUT: RolloutInit = { ...WIRE_ROLLOUT, timings: { prefillMs: 1, decodeMs: 2, rewardMs: 3 } };
const REFERENCE = { files: { "a.py": "f = 1\n" }, oracle: [{ path: "a.py", content: "f = 2\n" }] };

/** A rollout, as the coordinator judges it and the trainer reads it. */
export const rollout: FuzzTarget = {
  name: "rollout",
  samples: () => [encodeRollout(ROLLOUT)],
  lie: lyingMessage,
  read: (input) => {
    const read = decodeRollout(input);
    const problem = rolloutProblem(read, true);
    if (problem !== null) return [problem];
    oldestVersion(read);
    summarizeRollout(read, { sequence: 1, sha256: "" });
    int32Array(read.promptTokens);
    for (const bytes of [read.completion?.logp, read.completion?.entropy])
      float32Array(bytes ?? Buffer.alloc(0));
    encodeRollout(read);
    return [];
  },
};

/** The body of a task, as a worker reads it. */
export const task: FuzzTarget = {
  name: "task",
  samples: () => [
    encodeTask({
      task: "t1",
      lane: "train",
      messages: [{ role: "user", content: "what?" }],
      sampling: { temperature: 1, maxTokens: 9 },
      reward: { name: "swe-rl" },
      reference: REFERENCE,
    }),
  ],
  lie: lyingMessage,
  read: (input) => {
    readTask(input, { lane: "train", variant: "v", task: "t1", dispatch: 0 });
    return [];
  },
};

/** The files and the oracle of an instance. */
export const reference: FuzzTarget = {
  name: "reference",
  samples: () => [encodeReference(REFERENCE)],
  lie: lyingMessage,
  read: (input) => {
    decodeReference(input);
    return [];
  },
};

/** What a worker sends to be collected. */
export const collectMessage: FuzzTarget = {
  name: "collect-message",
  samples: () => [
    encodeCollectMessage({ finished: { rollout: decodeRollout(encodeRollout(ROLLOUT)) } }),
    encodeCollectMessage({ partial: { lease: "l", rollout: decodeRollout(encodeRollout(ROLLOUT)) } }),
    encodeCollectMessage({ heartbeat: { worker: "w", leases: ["a", "b"] } }),
  ],
  lie: lyingMessage,
  read: (input) => {
    decodeCollectMessage(input);
    return [];
  },
};

/** Fields whose lengths lie, groups in groups, and very many empty messages. */
function lyingMessage(random: Random): Uint8Array {
  const field = 1 + below(random, 20);
  const many = 1 + below(random, 100_000);
  const tag = (kind: number) => Buffer.from(varint(BigInt((field << 3) | kind)));
  const edge = pickOf(random, [0n, 1n, 127n, 1n << 31n, 1n << 32n, 1n << 62n, (1n << 64n) - 1n]);
  return pickOf(random, [
    () => Buffer.concat([tag(2), Buffer.from(varint(edge)), Buffer.alloc(below(random, 100))]),
    () => Buffer.concat([tag(0), Buffer.from(varint(edge))]),
    () => Buffer.concat(Array.from({ length: many }, () => tag(3))),
    () => Buffer.concat(Array.from({ length: many }, () => Buffer.concat([tag(2), Buffer.from([0])]))),
    () => nested(random, many),
    () => Buffer.concat([tag(pickOf(random, [1, 5, 6, 7])), Buffer.alloc(below(random, 9))]),
    () => Buffer.alloc(many, 0xff),
  ])();
}

/** Many empty spans in a completion of a rollout. */
function nested(random: Random, many: number): Buffer {
  const spans = Buffer.alloc(2 * many, Buffer.from([((1 + below(random, 12)) << 3) | 2, 0]));
  const field = ((1 + below(random, 15)) << 3) | 2;
  return Buffer.concat([Buffer.from([field, ...varint(BigInt(spans.length))]), spans]);
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}
