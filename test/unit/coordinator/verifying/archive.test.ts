import { appendFile, rm, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readArchiveRows } from "../../../../coordinator/archive/read-rows.ts";
import { type ArchivedRollout, type Outcome, openArchive } from "../../../../coordinator/index.ts";
import type { Decision, LedgerEvent } from "../../../../coordinator/ledger/events.ts";
import { compareArchive } from "../../../../coordinator/verifying/compare-archive.ts";
import { createFacts } from "../../../../coordinator/verifying/ledger-facts.ts";
import { decodeRollout, encodeRollout } from "../../../../transport/index.ts";
import { accepted, batched, issued, SETTINGS, trained } from "../../../support/ledger-history.ts";
import { openTemporaryFolder } from "../../../support/temporary-folder.ts";

const BEFORE: Decision[] = [
  { type: "run_started", schema: 1, run: "r", base: "b", settings: SETTINGS },
  { type: "opened", epoch: 1 },
  { type: "trainer_opened", epoch: 1 },
  ...[0, 1].flatMap((group) => [
    issued(group),
    ...[0, 1].map((sample) => {
      const sequence = 2 * group + sample + 1;
      return accepted(`t${group}`, sample, { sequence, sha256: `sha-${sequence}`, reward: sample });
    }),
  ]),
  batched(1, ["t0", "t1"]),
  trained(1),
];

/** Two files of two tables, with rows as the ledger knows them but for what a test does to them. */
interface Rows {
  rollouts: ArchivedRollout[];
  outcomes: Outcome[];
}

async function discrepanciesOf(
  folder: string,
  damage: (rows: Rows) => void,
  isLive = false,
  after: readonly Decision[] = [],
) {
  const facts = createFacts();
  let sequence = 0;
  const add = (decision: Decision) =>
    facts.add({
      sequence: ++sequence,
      data: Buffer.alloc(0),
      events: [{ ...decision, at: 0 } as LedgerEvent],
    });
  for (const decision of BEFORE) add(decision);
  const outcomes = [...facts.state.outcomes];
  const rows: Rows = {
    rollouts: outcomes.map(({ sequence, sha256, task, sample }) => ({
      sequence: sequence ?? 0,
      sha256: sha256 ?? "",
      rollout: decodeRollout(encodeRollout({ task, sample })),
      issue: "",
      extraJson: "{}",
    })),
    outcomes,
  };
  damage(rows);
  await using archive = await openArchive(folder, { through: 0, outcomes: 0 });
  add({
    type: "archived",
    through: 4,
    orphans: 0,
    rollouts: await archive.writeRollouts({ from: 1, through: 4 }, rows.rollouts),
    outcomes: withRows(await archive.writeOutcomes({ from: 1, through: 4 }, rows.outcomes)),
  });
  for (const decision of after) add(decision);
  return async () => compareArchive(facts, await readArchiveRows(folder), isLive);
}

/** The fold takes as many outcomes as the event says: all four of them, whatever the file holds. */
function withRows<File extends object>(file: File | null): (File & { rows: number }) | null {
  return file === null ? null : { ...file, rows: 4 };
}

describe("the archive and the ledger", () => {
  it("agree as they were written", async () => {
    await using folder = await openTemporaryFolder();
    const compare = await discrepanciesOf(folder.file("archive"), () => {});

    expect(await compare()).toEqual([]);
  });

  const damages: [string, (rows: Rows) => void, string][] = [
    [
      "a row is missing",
      ({ rollouts }) => void rollouts.splice(2, 1),
      "rollout 3 (sample 0 of task t1) is missing from the archive",
    ],
    [
      "a row is doubled",
      ({ rollouts }) => void rollouts.push(rollouts[1] as ArchivedRollout),
      "rollout 2 is in the archive twice",
    ],
    [
      "a row has another digest",
      ({ rollouts }) => void rollouts.splice(0, 1, { ...(rollouts[0] as ArchivedRollout), sha256: "other" }),
      "rollout 1 (sample 0 of task t0) has the SHA-256 other in the archive and sha-1 in the ledger",
    ],
    [
      "a row is of another run",
      ({ rollouts }) => void rollouts.push({ ...(rollouts[0] as ArchivedRollout), sequence: 9 }),
      "rollout 9 is in the archive, and no event of the ledger names it",
    ],
    [
      "a row is another sample's",
      ({ rollouts }) =>
        void rollouts.splice(0, 1, {
          ...(rollouts[0] as ArchivedRollout),
          rollout: decodeRollout(encodeRollout({ task: "t7", sample: 1 })),
        }),
      "rollout 1 is sample 1 of task t7 in the archive and sample 0 of task t0 in the ledger",
    ],
    [
      "an outcome is another one",
      ({ outcomes }) =>
        void outcomes.splice(3, 1, { ...(outcomes[3] as Outcome), outcome: "skipped", reason: "stale" }),
      "sample 1 of task t1 is skipped (stale), step 1, rollout 4 with SHA-256 sha-4 in the archive and trained, step 1, rollout 4 with SHA-256 sha-4 in the ledger",
    ],
    [
      "an outcome is of another step",
      ({ outcomes }) => void outcomes.splice(0, 1, { ...(outcomes[0] as Outcome), step: 2 }),
      "sample 0 of task t0 is trained, step 2, rollout 1 with SHA-256 sha-1 in the archive and trained, step 1, rollout 1 with SHA-256 sha-1 in the ledger",
    ],
    [
      "an outcome nobody decided is there",
      ({ outcomes }) => void outcomes.splice(0, 1, { ...(outcomes[0] as Outcome), task: "t8" }),
      "the outcome of sample 0 of task t8 is in the archive, and no event of the ledger made it",
    ],
  ];

  it.each(damages)("do not when %s, in one sentence", async (_, damage, sentence) => {
    await using folder = await openTemporaryFolder();
    const compare = await discrepanciesOf(folder.file("archive"), damage);

    expect(await compare()).toContain(sentence);
  });

  it("agree without a file that was dropped, and with one whose deletion was cut short", async () => {
    await using folder = await openTemporaryFolder();
    const file = "rollouts/0000000001-0000000004.parquet";
    const dropped: Decision = { type: "dropped", through: 4, files: [file] };
    const compare = await discrepanciesOf(folder.file("archive"), () => {}, false, [dropped]);

    const before = await compare();
    await rm(folder.file(`archive/${file}`));

    expect(before).toEqual([]);
    expect(await compare()).toEqual([]);
  });

  it("do not when a file was changed, or is gone", async () => {
    await using folder = await openTemporaryFolder();
    const compare = await discrepanciesOf(folder.file("archive"), () => {});
    await appendFile(folder.file("archive/rollouts/0000000001-0000000004.parquet"), "x");
    await rm(folder.file("archive/outcomes/0000000001-0000000004.parquet"));

    const sentences = await compare();

    expect(sentences[0]).toBe("rollouts/0000000001-0000000004.parquet cannot be read");
    expect(sentences[1]).toMatch(
      /^rollouts\/0000000001-0000000004\.parquet has the SHA-256 [0-9a-f]{64}, the ledger says [0-9a-f]{64}$/,
    );
    expect(sentences[2]).toBe("outcomes/0000000001-0000000004.parquet is missing from the archive");
  });

  it("agree where one file goes on that a crash left, and not where there are two or an older one", async () => {
    await using folder = await openTemporaryFolder();
    const compare = await discrepanciesOf(folder.file("archive"), () => {});
    const path = (name: string) => folder.file(`archive/rollouts/${name}.parquet`);
    const stranger = "is in the archive, and no event of the ledger names it";

    await using archive = await openArchive(folder.file("archive"), { through: 4, outcomes: 4 });
    await archive.writeRollouts({ from: 5, through: 6 }, [rolloutAt(5)]);
    const afterCrash = await compare();
    await writeFile(path("0000000003-0000000003"), "");
    const withOlder = await compare();
    await rm(path("0000000003-0000000003"));
    await archive.writeRollouts({ from: 7, through: 7 }, [rolloutAt(7)]);
    const withTwo = await compare();

    expect(afterCrash).toEqual([]);
    expect(withOlder).toContain(`rollouts/0000000003-0000000003.parquet ${stranger}`);
    expect(withTwo).toEqual([
      `rollouts/0000000005-0000000006.parquet ${stranger}`,
      `rollouts/0000000007-0000000007.parquet ${stranger}`,
    ]);
  });
});

function rolloutAt(sequence: number): ArchivedRollout {
  return { sequence, sha256: "", rollout: decodeRollout(encodeRollout({})), issue: "", extraJson: "{}" };
}
