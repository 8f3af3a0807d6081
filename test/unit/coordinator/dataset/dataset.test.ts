import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkDataset, readDataset } from "../../../../coordinator/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dataset-"));
});
afterAll(() => rm(folder, { recursive: true }));

const instance = (id: string) => ({
  id,
  issue: "`f` is wrong",
  files: { "a.py": "f = 1\n" },
  oracle: { "a.py": "f = 2\n" },
});

async function fileOf(name: string, lines: readonly (string | object)[]): Promise<string> {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  const path = join(folder, name);
  const compress = name.endsWith(".gz") ? gzipSync : name.endsWith(".zst") ? zstdCompressSync : Buffer.from;
  await writeFile(path, compress(Buffer.from(text)));
  return path;
}

describe("a dataset", () => {
  it("keeps the order of its files and lines, further fields, and null for a deleted file", async () => {
    const first = await fileOf("first.jsonl", [instance("1"), { ...instance("2"), kind: "swap" }]);
    const second = await fileOf("second.jsonl", [{ ...instance("3"), oracle: { "a.py": null } }]);

    const dataset = await readDataset([first, second], { badLinesAtMost: 0 });

    expect(dataset.instances).toEqual([
      instance("1"),
      { ...instance("2"), kind: "swap" },
      { ...instance("3"), oracle: { "a.py": null } },
    ]);
  });

  it.each(["d.jsonl", "d.jsonl.gz", "d.jsonl.zst"])(
    "is the same, with the same digest, as %s",
    async (name) => {
      const plain = await checkDataset(await fileOf("plain.jsonl", [instance("1"), instance("2")]));

      const check = await checkDataset(await fileOf(name, [instance("1"), "", instance("2")]));

      expect(check).toEqual({ usable: 2, bad: 0, badLines: [], digest: plain.digest });
    },
  );

  it("has another digest when a usable line differs", async () => {
    const one = await checkDataset(await fileOf("one.jsonl", [instance("1")]));
    const other = await checkDataset(await fileOf("other.jsonl", [instance("2")]));

    expect(one.digest).not.toBe(other.digest);
  });

  it("is read the same wherever its chunks break", async () => {
    const long = { ...instance("long"), issue: "ü".repeat(200_000) };
    const path = await fileOf("long.jsonl", [instance("1"), long, instance("2")]);

    const dataset = await readDataset([path], { badLinesAtMost: 0 });

    expect(dataset.instances).toEqual([instance("1"), long, instance("2")]);
  });
});

describe("a bad line", () => {
  it.each([
    ["no JSON", "{", /^no valid JSON: /],
    ["not an object", "[1]", /^no JSON object$/],
    ["without a field", { ...instance("x"), issue: undefined }, /^"issue" is missing$/],
    [
      "with a mistyped field",
      { ...instance("x"), oracle: undefined, oracel: {} },
      /^"oracle" is missing, is it "oracel"\?$/,
    ],
    ["with a wrong type", { ...instance("x"), files: { "a.py": 3 } }, /^files\.a\.py: .*expected string/],
    ["with several mistakes", { ...instance(""), issue: "" }, /^id: .*; issue: /],
  ])("%s is named by number and reason", async (_, line, reason) => {
    const path = await fileOf("bad.jsonl", [instance("1"), line, instance("2")]);

    const check = await checkDataset(path);

    expect(check.usable).toBe(2);
    expect(check.badLines).toEqual([{ path, line: 2, reason: expect.stringMatching(reason) }]);
  });

  it("that is not UTF-8 is named", async () => {
    const path = join(folder, "latin.jsonl");
    await writeFile(path, Buffer.from([0x22, 0xe9, 0x22, 0x0a]));

    const check = await checkDataset(path);

    expect(check.badLines).toEqual([{ path, line: 1, reason: "no valid UTF-8" }]);
  });

  it("that repeats an id names the first place, in another file too", async () => {
    const first = await fileOf("ids-1.jsonl", [instance("same")]);
    const second = await fileOf("ids-2.jsonl", [instance("same"), instance("other")]);

    const dataset = await readDataset([first, second], { badLinesAtMost: 0.5 });

    expect(dataset.instances.map(({ id }) => id)).toEqual(["same", "other"]);
    expect(dataset.badLines).toEqual([
      { path: second, line: 1, reason: `the id "same" is that of ${first} line 1 already` },
    ]);
  });
});

describe("a dataset is refused in one sentence", () => {
  it("when no line can be used", async () => {
    const path = await fileOf("none.jsonl", ["{}"]);

    await expect(readDataset([path], { badLinesAtMost: 1 })).rejects.toMatchObject({
      code: "coordinator.unusable_dataset",
      message: `no line of the dataset ${path} can be used; ${path} line 1: "id" is missing; "issue" is missing; "files" is missing; "oracle" is missing`,
    });
  });

  it("when it is empty", async () => {
    const path = await fileOf("empty.jsonl", []);

    await expect(readDataset([path], { badLinesAtMost: 1 })).rejects.toThrow(
      `no line of the dataset ${path} can be used: it is empty`,
    );
  });

  it("when more lines are bad than allowed, and not at the bound", async () => {
    const path = await fileOf("half.jsonl", [instance("1"), "{"]);

    await expect(readDataset([path], { badLinesAtMost: 0.5 })).resolves.toMatchObject({
      instances: [{ id: "1" }],
    });
    await expect(readDataset([path], { badLinesAtMost: 0.4 })).rejects.toThrow(
      /^1 of 2 lines of the dataset .* are bad, 50\.0 % where badLinesAtMost allows 40 %; .* line 2: no valid JSON/,
    );
  });

  it.each(["missing.jsonl", "missing.jsonl.gz"])("when %s is not there", async (name) => {
    const path = join(folder, name);

    await expect(checkDataset(path)).rejects.toThrow(
      `the dataset ${path} cannot be read: there is no such file`,
    );
  });

  it.each(["plain.jsonl.gz", "plain.jsonl.zst"])("when %s is not compressed", async (name) => {
    const path = join(folder, name);
    await writeFile(path, `${JSON.stringify(instance("1"))}\n`);

    await expect(checkDataset(path)).rejects.toThrow(
      /cannot be read: it is damaged, or not .* as its name says/,
    );
  });
});
