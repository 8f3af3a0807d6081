import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ArchivedRollout,
  type Outcome,
  openArchive,
  readArchive,
} from "../../../../coordinator/index.ts";
import { decodeRollout, encodeRollout, float32Bytes, int32Bytes } from "../../../../transport/index.ts";

describe("the archive", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "archive-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("gives back what was written, with what became of it", async () => {
    await using archive = await openArchive(folder, { through: 0, outcomes: 0 });
    await archive.writeRollouts({ from: 1, through: 2 }, [
      rolloutThat(1, { reward: 0.25 }),
      rolloutThat(2, { reward: 1 }),
    ]);
    await archive.writeOutcomes({ from: 1, through: 2 }, [outcomeThat({ sequence: 2, step: 7 })]);

    const [best] = await readArchive(folder, { step: 7, sort: "reward", atMost: 10 });

    expect(best).toMatchObject({
      sequence: 2,
      step: 7,
      outcome: "trained",
      reward: 1,
      text: "reply 2",
      tokens: 3,
    });
  });

  it("sorts by reward, best first, and stops at the most asked for", async () => {
    await using archive = await openArchive(folder, { through: 0, outcomes: 0 });
    const rewards = [0.5, -1, 1, 0.75];
    await archive.writeRollouts(
      { from: 1, through: 4 },
      rewards.map((reward, i) => rolloutThat(i + 1, { reward })),
    );

    const found = await readArchive(folder, { sort: "reward", atMost: 2 });

    expect(found.map((rollout) => rollout.reward)).toEqual([1, 0.75]);
  });

  it("names files by their range and leaves no temporary one", async () => {
    await using archive = await openArchive(folder, { through: 0, outcomes: 0 });

    const written = await archive.writeRollouts({ from: 3, through: 12 }, [rolloutThat(3, {})]);

    expect(written?.file).toBe("rollouts/0000000003-0000000012.parquet");
    expect(written?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await readdir(join(folder, "rollouts"))).toEqual(["0000000003-0000000012.parquet"]);
  });

  it("opens without what a crash left: a temporary file, and one file that the ledger was not told of", async () => {
    await using before = await openArchive(folder, { through: 0, outcomes: 0 });
    await before.writeRollouts({ from: 1, through: 1 }, [rolloutThat(1, {})]);
    await before.writeRollouts({ from: 2, through: 3 }, [rolloutThat(2, {})]);
    await writeFile(join(folder, "rollouts", "0000000004-0000000005.parquet.tmp"), "half");

    await using after = await openArchive(folder, { through: 1, outcomes: 0 });
    await after.writeRollouts({ from: 2, through: 9 }, [rolloutThat(2, {}), rolloutThat(3, {})]);

    expect((await readdir(join(folder, "rollouts"))).sort()).toEqual([
      "0000000001-0000000001.parquet",
      "0000000002-0000000009.parquet",
    ]);
    const found = await readArchive(folder, { sort: "sequence", atMost: 10 });
    expect(found.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it("replaces a file that begins where it is written again", async () => {
    await using archive = await openArchive(folder, { through: 0, outcomes: 0 });
    await archive.writeRollouts({ from: 1, through: 1 }, [rolloutThat(1, {})]);

    await archive.writeRollouts({ from: 1, through: 2 }, [rolloutThat(1, {}), rolloutThat(2, {})]);

    expect(await readdir(join(folder, "rollouts"))).toEqual(["0000000001-0000000002.parquet"]);
  });

  it("refuses a folder with more files than a crash leaves, and touches none", async () => {
    await using before = await openArchive(folder, { through: 0, outcomes: 0 });
    await before.writeRollouts({ from: 1, through: 1 }, [rolloutThat(1, {})]);
    await before.writeRollouts({ from: 2, through: 2 }, [rolloutThat(2, {})]);

    await expect(openArchive(folder, { through: 0, outcomes: 0 })).rejects.toMatchObject({
      code: "coordinator.foreign_archive",
    });
    expect(await readdir(join(folder, "rollouts"))).toHaveLength(2);
  });

  it("writes no file for a range without rollouts, and reads nothing where nothing is", async () => {
    await using archive = await openArchive(folder, { through: 0, outcomes: 0 });

    expect(await archive.writeRollouts({ from: 1, through: 9 }, [])).toBeNull();
    expect(await readArchive(folder, { sort: "sequence", atMost: 10 })).toEqual([]);
  });
});

function rolloutThat(sequence: number, { reward = 0 }: { reward?: number }): ArchivedRollout {
  const rollout = decodeRollout(
    encodeRollout({
      run: "r1",
      lane: "train",
      task: "t1",
      sample: sequence,
      instance: "i1",
      promptTokens: int32Bytes(Int32Array.of(1, 2)),
      completion: {
        tokens: int32Bytes(Int32Array.of(5, 6, 7)),
        logp: float32Bytes(Float32Array.of(-1, -2, -3)),
        entropy: float32Bytes(Float32Array.of(1, 1, 1)),
        finish: "FINISH_END",
        text: `reply ${sequence}`,
      },
      reward: { value: reward, scorer: "swe-rl/1" },
    }),
  );
  return { sequence, sha256: "00", rollout, issue: "`f` is wrong", extraJson: "{}" };
}

function outcomeThat(overrides: Partial<Outcome>): Outcome {
  return {
    lane: "train",
    task: "t1",
    sample: 2,
    attempt: 1,
    instance: "i1",
    outcome: "trained",
    reason: "",
    step: 1,
    sequence: 1,
    sha256: null,
    history: { issuedAt: 0, acceptedAt: 0, batchedAt: null, endedAt: 0, leases: [] },
    ...overrides,
  };
}
