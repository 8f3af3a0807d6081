import { describe, expect, it } from "vitest";
import { createTrainerPresence } from "../../../../coordinator/batching/trainer-presence.ts";
import { serveCollect } from "../../../../coordinator/collecting/serve-collect.ts";
import type { Decision } from "../../../../coordinator/index.ts";
import { createLeaseTerms } from "../../../../coordinator/index.ts";
import { createChanges } from "../../../../coordinator/serving/changes.ts";
import type { Core } from "../../../../coordinator/serving/core.ts";
import { systemClock, withDeadline } from "../../../../core/index.ts";
import type { CollectAnswerInit, CollectMessage } from "../../../../proto/index.ts";
import type { RolloutStore } from "../../../../transport/index.ts";
import { accepted, decide, issued, leased, runThat } from "../../../support/ledger-history.ts";
import { trainedRollout } from "../../../support/training-groups.ts";

describe("a worker's stream", () => {
  it("ends with what kept a sample from being stored, although the worker says nothing more", async () => {
    const core = coreOf(issued(0), leased("t0", [0, 1]));
    const store = storeThat(() => Promise.reject(new Error("the store is full")));

    const serving = serveCollect(core, store, staysOpen(finished("t0", 0)), answersTo([]));

    await expect(withDeadline("the stream to end", 5_000, serving)).rejects.toThrow("the store is full");
  });

  describe("Counted once, and only when durable", () => {
    it("does not answer that a sample was counted before that is durable", async () => {
      const durable = Promise.withResolvers<void>();
      const answers: CollectAnswerInit[] = [];
      const core = { ...coreOf(issued(0), accepted("t0", 0)), settled: () => durable.promise };
      const serving = serveCollect(
        core,
        storeThat(async () => 1),
        listOf(finished("t0", 0)),
        answersTo(answers),
      );
      await new Promise(setImmediate);
      const before = answers.length;

      durable.resolve();
      await withDeadline("the stream to end", 5_000, serving);

      expect(before).toBe(0);
      expect(answers).toMatchObject([{ sample: { task: "t0", outcome: "OUTCOME_DUPLICATE" } }]);
      expect(core.duplicates).toEqual({ train: 1, eval: 0 });
    });
  });

  it("stores a rollout anew that an attempt before left below what is archived", async () => {
    const core = coreOf(issued(0), accepted("t0", 0, { sequence: 7 }), {
      type: "archived",
      through: 7,
      orphans: 1,
      rollouts: null,
      outcomes: null,
    });
    const ids: string[] = [];
    const store = storeThat(async (id) => (ids.push(id) === 1 ? 5 : 8));

    await serveCollect(core, store, listOf(finished("t0", 1)), answersTo([]));

    expect(core.state.tasks.get("t0")?.samples[1]?.rollout?.sequence).toBe(8);
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), `${ids[0]}.7`]);
  });
});

function coreOf(...decisions: Decision[]): Core {
  const state = runThat({}, ...decisions);
  state.run = "run1";
  return {
    state,
    terms: createLeaseTerms(systemClock, 1_000),
    changes: createChanges(),
    prompts: { train: [], order: { instanceAt: () => 0 }, heldOut: [] },
    contextTokens: 512,
    trainer: createTrainerPresence(),
    duplicates: { train: 0, eval: 0 },
    decide: async (...decided) => decide(state, ...decided),
    advance: async () => {},
    settled: async () => {},
    trouble: { now: null },
    keepsTrace: () => false,
  };
}

function storeThat(put: (id: string) => Promise<number>): RolloutStore {
  const unexpected = () => Promise.reject(new Error("nobody reads here"));
  return {
    put: (_, id) => put(id),
    get: unexpected,
    read: async function* () {},
    purgeBelow: unexpected,
    delete: unexpected,
  };
}

function finished(task: string, sample: number): CollectMessage {
  const rollout = trainedRollout(task, sample, { prompt: [1], completion: [2], mu: [-1], reward: 1 });
  return {
    finished: { lease: "t0.0", rollout: { ...rollout, instance: "i0" } },
    partial: null,
    failed: null,
    heartbeat: null,
    release: null,
  } as CollectMessage;
}

async function* listOf(...messages: CollectMessage[]): AsyncGenerator<CollectMessage> {
  yield* messages;
}

async function* staysOpen(...messages: CollectMessage[]): AsyncGenerator<CollectMessage> {
  yield* messages;
  await new Promise(() => {});
}

function answersTo(answers: CollectAnswerInit[]) {
  return { send: async (answer: CollectAnswerInit) => void answers.push(answer) };
}
