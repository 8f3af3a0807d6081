import { describe, expect, it } from "vitest";
import { openDuckDb } from "../../../../coordinator/archive/parquet.ts";
import { createIndexTables } from "../../../../coordinator/dashboard/archive/index-tables.ts";
import { listRollouts } from "../../../../coordinator/dashboard/archive/list-rollouts.ts";
import { RolloutFilter } from "../../../../coordinator/dashboard/archive/rollout-filter.ts";
import { type ArchivedRollout, openArchive } from "../../../../coordinator/index.ts";
import { decodeRollout, encodeRollout, int32Bytes } from "../../../../transport/index.ts";
import { openTemporaryFolder } from "../../../support/temporary-folder.ts";

const NOTHING = { rollouts: [], ends: [], archivedOutcomes: 0 };

describe("what lists of rollouts are answered from", () => {
  it("has a file once the ledger knows it, each rollout once all the while, and nothing of one that has gone", async () => {
    await using folder = await openTemporaryFolder();
    await using archive = await openArchive(folder.file("."), { through: 0, outcomes: 0 });
    const instance = await openDuckDb();
    const tables = await createIndexTables(await instance.connect(), folder.file("."));
    const listed = async () =>
      (await listRollouts(tables, RolloutFilter.parse({}))).rows.map(({ sequence }) => sequence);

    await archive.writeRollouts({ from: 1, through: 2 }, [archived(1), archived(2)]);
    await archive.writeRollouts({ from: 3, through: 4 }, [archived(3)]);
    const rollouts = [3, 4, 5].map((sequence) => ({ sequence, data: bytesOf(sequence), issue: "" }));
    await tables.refresh({ ...NOTHING, rollouts, keptAfter: 2, archivedThrough: 2 });
    const before = await listed();
    await archive.writeRollouts({ from: 3, through: 4 }, [archived(3), archived(4)]);
    await tables.refresh({ ...NOTHING, keptAfter: 4, archivedThrough: 4 });
    const after = await listed();
    await archive.remove(["rollouts/0000000001-0000000002.parquet"]);
    await tables.refresh({ ...NOTHING, keptAfter: 4, archivedThrough: 4 });

    expect(before).toEqual([5, 4, 3, 2, 1]);
    expect(after).toEqual([5, 4, 3, 2, 1]);
    expect(await listed()).toEqual([5, 4, 3]);
    tables.connection.closeSync();
    instance.closeSync();
  });
});

function archived(sequence: number): ArchivedRollout {
  return { sequence, sha256: "", rollout: decodeRollout(bytesOf(sequence)), issue: "", extraJson: "{}" };
}

function bytesOf(sequence: number): Uint8Array {
  return encodeRollout({
    ...{ run: "r", lane: "train", task: `t${sequence}`, sample: 0, attempt: 1, instance: "i", worker: "w" },
    promptTokens: int32Bytes(Int32Array.of(1)),
    completion: { tokens: int32Bytes(Int32Array.of(2)), finish: "FINISH_END" },
  });
}
