import { writeFile } from "node:fs/promises";
import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { checkDataset } from "../../../../coordinator/index.ts";
import { openTemporaryFolder } from "../../../support/temporary-folder.ts";

describe("a dataset that somebody made to do harm", () => {
  it("and that unpacks to hundreds of times its size is refused", async () => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("bomb.jsonl.zst");
    await writeFile(path, zstdCompressSync(Buffer.alloc(300 * 2 ** 20, " ")));

    await expect(checkDataset(path)).rejects.toThrow(
      `the dataset ${path} unpacks to more than 200 times its size`,
    );
  });

  it("and of which every line is bad is counted in full, and named for a thousand lines", async () => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("bad.jsonl");
    await writeFile(path, "{\n".repeat(1_500));

    const { bad, badLines } = await checkDataset(path);

    expect([bad, badLines.length, badLines.at(-1)?.line]).toEqual([1_500, 1_000, 1_000]);
  });

  it.each([
    ["bad", "{\n", /^more than 100000 lines of the dataset .* cannot be used; line 100001: /],
    ["blank", " \n", /^the dataset .* has more than 100000 blank lines$/],
  ])("and of which millions of lines are %s is not read to its end", async (_, line, sentence) => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("endless.jsonl.zst");
    await writeFile(path, zstdCompressSync(Buffer.from(line.repeat(5_000_000))));

    await expect(checkDataset(path)).rejects.toThrow(sentence);
  });

  it.each([
    ["of thousands of wrong files", `{"files":{${wrongFiles(5_000)}}}`],
    ["with a name of a megabyte", `{"${"k".repeat(2 ** 20)}":1,"id":"${"i".repeat(2 ** 20)}"}`],
    ["that would act on a terminal", '\x1b[2J{"id":1}'],
  ])("gives a reason of one short line for a line %s", async (_, line) => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("bad.jsonl");
    await writeFile(path, line);

    const { badLines } = await checkDataset(path);

    expect(badLines).toEqual([{ path, line: 1, reason: expect.stringMatching(/^[^\p{Cc}]{1,499}$/u) }]);
  });
});

function wrongFiles(count: number): string {
  return Array.from({ length: count }, (_, i) => `"${i}":1`).join(",");
}
