import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createArchiver } from "../../../../coordinator/archive/archiver.ts";
import { type Decision, type LedgerState, openArchive, readArchive } from "../../../../coordinator/index.ts";
import type { Core } from "../../../../coordinator/serving/core.ts";
import { encodeRollout, int32Bytes, type RolloutStore } from "../../../../transport/index.ts";
import { batched, completedGroup, decide, runThat, trained } from "../../../support/ledger-history.ts";

const GROUP = 300;
const REWARDS = Array.from({ length: GROUP }, (_, i) => i % 2);
const ALL = Array.from({ length: GROUP }, (_, i) => i);

describe("the archiver", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "archiver-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("archives every rollout with its end, also those beyond a file that are trained already", async () => {
    const state = trainedRun();
    const archiver = await archiverOf(state, folder);

    await archiver.archiveAll();

    const found = await readArchive(folder, { sort: "sequence", atMost: 1_000 });
    expect(found.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 2 * GROUP }, (_, i) => i + 1));
    expect(new Set(found.map(({ outcome }) => outcome))).toEqual(new Set(["trained"]));
    expect(state).toMatchObject({ archivedThrough: 2 * GROUP, archivedOutcomes: 2 * GROUP, outcomes: [] });
  });

  it("archives an end that became known without a new rollout, each time in a file of its own", async () => {
    const state = runThat({ prompts: 1, group: GROUP });
    decide(state, ...group(0), ...group(1));
    const archiver = await archiverOf(state, folder);
    await archiver.archiveAll();

    for (const step of [1, 2]) {
      decide(state, batched(step, [`t${step - 1}`], ALL), trained(step));
      await archiver.archiveAll();
    }

    const found = await readArchive(folder, { sort: "sequence", atMost: 1_000 });
    expect(found.map(({ step }) => step)).toEqual(found.map((_, i) => (i < GROUP ? 1 : 2)));
  });

  it("takes in a rollout that is decided about while its range is written", async () => {
    const state = runThat({ prompts: 1, group: 2 });
    const [issue, first, second] = completedGroup(0, [0, 1]) as [Decision, Decision, Decision];
    decide(state, issue, withSequence(second, 2));
    const archiver = await archiverOf(state, folder, () => {
      if (state.tasks.get("t0")?.samples[0]?.state === "open") decide(state, withSequence(first, 1));
    });

    await archiver.archiveAll();

    const found = await readArchive(folder, { sort: "sequence", atMost: 10 });
    expect(found.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });
});

/** Two steps, each trained on a group. */
function trainedRun(): LedgerState {
  const state = runThat({ prompts: 1, group: GROUP });
  decide(state, ...group(0), batched(1, ["t0"], ALL), trained(1));
  decide(state, ...group(1), batched(2, ["t1"], ALL), trained(2));
  return state;
}

function group(ordinal: number): Decision[] {
  return completedGroup(ordinal, REWARDS).map((decision, i) => withSequence(decision, ordinal * GROUP + i));
}

function withSequence(decision: Decision, sequence: number): Decision {
  return decision.type === "accepted"
    ? { ...decision, rollout: { ...decision.rollout, sequence } }
    : decision;
}

/** @param onRead - called after a range was read */
async function archiverOf(state: LedgerState, folder: string, onRead = () => {}) {
  const store: RolloutStore = {
    put: () => Promise.reject(new Error("nobody stores here")),
    get: () => Promise.reject(new Error("nobody gets here")),
    read: async function* (from, to) {
      for (let sequence = from; sequence <= to; sequence++) yield { sequence, data: rolloutBytes(sequence) };
      onRead();
    },
    purgeBelow: async () => {},
    delete: async () => {},
  };
  const core: Pick<Core, "state" | "decide"> = {
    state,
    decide: async (...decisions) => decide(state, ...decisions),
  };
  const archive = await openArchive(folder, { through: 0, outcomes: 0 });
  onTestFinished(() => archive[Symbol.asyncDispose]());
  return createArchiver({ core, store, archive, instances: new Map() });
}

function rolloutBytes(sequence: number): Uint8Array {
  return encodeRollout({
    task: `of ${sequence}`,
    completion: { tokens: int32Bytes(Int32Array.of(sequence)), finish: "FINISH_END" },
  });
}
