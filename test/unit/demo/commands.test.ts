import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readDataset } from "../../../coordinator/index.ts";
import { splitOf } from "../../../examples/demo/task/split.ts";

const folder = mkdtempSync(join(tmpdir(), "demo-"));
afterAll(() => rmSync(folder, { recursive: true }));

const make = (script: string, ...options: string[]) =>
  execFileSync(process.execPath, [join("examples", "demo", script), ...options]);

describe("make-tokenizer", () => {
  it("makes the committed tokenizer", () => {
    const path = join(folder, "tokenizer.json");

    make("make-tokenizer.ts", "--out", path);

    expect(readFileSync(path, "utf8")).toBe(readFileSync("examples/demo/tokenizer.json", "utf8"));
  });
});

describe("make-dataset", () => {
  it("makes 1,500 training and 200 held-out instances without a bad line, of different functions", async () => {
    make("make-dataset.ts", "--out", folder);
    const read = (name: string) => readDataset([join(folder, name)], { badLinesAtMost: 0 });
    const [train, heldOut] = await Promise.all([read("train.jsonl"), read("held-out.jsonl")]);

    const splits = [train, heldOut].map(({ instances }) => {
      const contents = instances.flatMap(({ files }) => Object.values(files));
      return new Set(contents.flatMap((content) => functionsIn(content).map(splitOf)));
    });

    expect([train.instances.length, heldOut.instances.length]).toEqual([1500, 200]);
    expect(splits).toEqual([new Set(["train"]), new Set(["held-out"])]);
  });
});

describe("make-sft", () => {
  it("makes a file of pairs for every phase of the recipe, and one to measure with", () => {
    make("make-sft.ts", "--out", folder, "--share", "0.002");
    const recipe = readFileSync("examples/demo/sft.yaml", "utf8");
    const files = [...recipe.matchAll(/dataset: data\/sft\/([\w-]+\.jsonl)/g)].map(
      ([, name]) => name as string,
    );

    const pairs = files.map((name) =>
      JSON.parse(readFileSync(join(folder, name), "utf8").split("\n")[0] ?? ""),
    );

    expect(files).toHaveLength(5);
    expect(pairs).toEqual(files.map(() => ({ prompt: expect.any(String), completion: expect.any(String) })));
  });
});

function functionsIn(content: string): string[][] {
  return content
    .trimEnd()
    .split("\n\n")
    .map((text) => text.split("\n"));
}
