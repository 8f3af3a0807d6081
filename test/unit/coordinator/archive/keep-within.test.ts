import { readdir } from "node:fs/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createArchiveBudget } from "../../../../coordinator/archive/keep-within.ts";
import { type Decision, type LedgerState, openArchive } from "../../../../coordinator/index.ts";
import { decodeRollout, encodeRollout } from "../../../../transport/index.ts";
import {
  accepted,
  batched,
  completedGroup,
  decide,
  runThat,
  trained,
} from "../../../support/ledger-history.ts";
import { openTemporaryFolder } from "../../../support/temporary-folder.ts";

const FILES = ["rollouts/0000000001-0000000002.parquet", "rollouts/0000000003-0000000004.parquet"];

describe("an archive with a budget", () => {
  it("drops its oldest files once every sample in them has its end, and keeps the outcomes", async () => {
    await using folder = await openTemporaryFolder();
    const { state, archive, look, warnings } = await openArchived(folder.file("archive"), 0.000_1);

    await look();
    const whileOneWaits = await readdir(folder.file("archive/rollouts"));
    decide(state, batched(2, ["t1"], [0, 1]), trained(2), archived(4, 2));
    await look();

    expect(whileOneWaits).toHaveLength(1);
    expect(state.droppedThrough).toBe(4);
    expect(await readdir(folder.file("archive/rollouts"))).toEqual([]);
    expect(await readdir(folder.file("archive/outcomes"))).toHaveLength(1);
    expect(warnings).toEqual(["the archive is above storage.archiveMiB, and what is left in it is needed"]);
    expect((await archive.list()).outcomes).toHaveLength(1);
  });

  it("drops no more than it must", async () => {
    await using folder = await openTemporaryFolder();
    const { state, look } = await openArchived(folder.file("archive"), 1);

    await look();

    expect(state.droppedThrough).toBe(0);
    expect(await readdir(folder.file("archive/rollouts"))).toHaveLength(2);
  });

  it("deletes at its next start what was dropped when the coordinator died", async () => {
    await using folder = await openTemporaryFolder();
    await openArchived(folder.file("archive"), null);

    await openArchive(folder.file("archive"), { through: 4, outcomes: 2, dropped: 2 });

    expect((await readdir(folder.file("archive/rollouts"))).map((name) => `rollouts/${name}`)).toEqual(
      FILES.slice(1),
    );
  });
});

/** Two groups in two files; the first is trained. */
async function openArchived(folder: string, mostMiB: number | null) {
  const state: LedgerState = runThat({ prompts: 1, group: 2 });
  decide(state, ...groupAt(0, 1), batched(1, ["t0"], [0, 1]), trained(1), ...groupAt(1, 3));
  const archive = await openArchive(folder, { through: 0, outcomes: 0 });
  onTestFinished(() => archive[Symbol.asyncDispose]());
  for (const from of [1, 3]) {
    const rows = [from, from + 1].map((sequence) => ({
      sequence,
      sha256: "00",
      rollout: decodeRollout(encodeRollout({ sample: sequence })),
      issue: "",
      extraJson: "{}",
    }));
    await archive.writeRollouts({ from, through: from + 1 }, rows);
  }
  await archive.writeOutcomes({ from: 1, through: 2 }, state.outcomes);
  decide(state, archived(4, 2));
  const warnings: string[] = [];
  const look = createArchiveBudget({
    core: { state, decide: async (...decisions) => decide(state, ...decisions) },
    archive,
    mostMiB,
    logger: { info: () => {}, warn: (what: string) => void warnings.push(what) },
  });
  return { state, archive, look, warnings };
}

function groupAt(ordinal: number, sequence: number): Decision[] {
  const [issue] = completedGroup(ordinal, [0, 1]) as [Decision];
  const task = `t${ordinal}`;
  return [
    issue,
    ...[0, 1].map((sample) => accepted(task, sample, { sequence: sequence + sample, reward: sample })),
  ];
}

function archived(through: number, outcomes: number): Decision {
  const file = { file: "", sha256: "", rows: outcomes };
  return { type: "archived", through, orphans: 0, rollouts: null, outcomes: file };
}
