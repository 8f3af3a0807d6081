import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  CheckpointConfig,
  type CheckpointIdentity,
  LoraConfig,
  openCheckpointStore,
  UnusableCheckpointError,
} from "../../../updater/index.ts";
import { checkpointThat, CHECKPOINT_IDENTITY as identity } from "../../support/checkpoints.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";

const retention = CheckpointConfig.parse({});

describe("checkpoints", () => {
  it("come back bit for bit, the newest first", async () => {
    await using folder = await openTemporaryFolder();
    const store = await openCheckpointStore(folder.file("c"), identity, retention);

    await store.save(checkpointThat({ step: 9 }));
    await store.save(checkpointThat({ step: 10, skipped: "the gradient is zero" }));

    const again = await openCheckpointStore(folder.file("c"), identity, retention);
    expect(await again.newest()).toEqual(checkpointThat({ step: 10, skipped: "the gradient is zero" }));
  });

  it("are none before the first", async () => {
    await using folder = await openTemporaryFolder();

    const store = await openCheckpointStore(folder.file("c"), identity, retention);

    expect(await store.newest()).toBeNull();
  });

  it("stay when they are of the newest three or of a fiftieth step", async () => {
    await using folder = await openTemporaryFolder();
    const store = await openCheckpointStore(folder.file("c"), identity, retention);

    for (const step of [48, 49, 50, 51, 52, 53, 54]) await store.save(checkpointThat({ step }));

    expect((await readdir(folder.file("c"))).sort()).toEqual(
      [50, 52, 53, 54].map((step) => `step-000000${step}.checkpoint`),
    );
  });

  it("ignore and remove what an interrupted write left", async () => {
    await using folder = await openTemporaryFolder();
    const store = await openCheckpointStore(folder.file("c"), identity, retention);
    await store.save(checkpointThat({ step: 1 }));
    await writeFile(folder.file("c/step-00000002.checkpoint.77.tmp"), "half");

    const again = await openCheckpointStore(folder.file("c"), identity, retention);

    expect((await again.newest())?.step).toBe(1);
    expect(await readdir(folder.file("c"))).toEqual(["step-00000001.checkpoint"]);
  });
});

describe("a checkpoint that cannot be used", () => {
  async function newestAfter(
    damage: (path: string) => Promise<void>,
    other: Partial<CheckpointIdentity> = {},
  ) {
    await using folder = await openTemporaryFolder();
    const store = await openCheckpointStore(folder.file("c"), identity, retention);
    await store.save(checkpointThat({ step: 1 }));
    await damage(folder.file("c/step-00000001.checkpoint"));
    const again = await openCheckpointStore(folder.file("c"), { ...identity, ...other }, retention);
    return await again.newest();
  }

  it("is refused in a sentence when it is truncated", async () => {
    const found = newestAfter((path) => truncate(path, 300));

    await expect(found).rejects.toThrow(UnusableCheckpointError);
    await expect(found).rejects.toThrow("truncated or damaged: its digest does not match");
  });

  it("is refused when one bit is another", async () => {
    const flip = async (path: string) => {
      const bytes = await readFile(path);
      bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
      await writeFile(path, bytes);
    };

    await expect(newestAfter(flip)).rejects.toThrow("truncated or damaged");
  });

  it("is refused when it is something else", async () => {
    await expect(newestAfter((path) => writeFile(path, "x".repeat(500)))).rejects.toThrow(
      "is not a checkpoint",
    );
  });

  it("is refused by name when it is of another run", async () => {
    const lora = LoraConfig.parse({ rank: 8 });

    await expect(newestAfter(async () => {}, { lora })).rejects.toThrow("has adapter rank 16, this run 8");
    await expect(newestAfter(async () => {}, { seed: 4 })).rejects.toThrow("has seed 3, this run 4");
  });
});
