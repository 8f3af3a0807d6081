import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readCheckpoint, writeCheckpoint } from "../../../updater/checkpoints/checkpoint-file.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";

describe("a checkpoint whose digest is right and whose header lies", () => {
  it.each([
    ["about the length of an array", '{"about":1,"arrays":[{"name":"a","length":9000000000000}]}'],
    ["about nothing, being no JSON", "{"],
    ["about an array that is not there", '{"about":1,"arrays":[{"name":"a","length":1}]}'],
  ])("is refused: %s", async (_, header) => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("c.checkpoint");
    await writeFile(path, sealed(header));

    await expect(readCheckpoint(path)).rejects.toThrow(
      `${path} is not a checkpoint: its header does not say what it holds`,
    );
  });

  it("is no other than what is written", async () => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("c.checkpoint");
    await writeCheckpoint(path, { about: 1, arrays: { a: Float32Array.of(0.5) } });

    expect(await readCheckpoint(path)).toEqual({ about: 1, arrays: { a: Float32Array.of(0.5) } });
  });
});

function sealed(header: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const body = Buffer.concat([Buffer.from("FLEETCKP"), length, Buffer.from(header)]);
  return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}
