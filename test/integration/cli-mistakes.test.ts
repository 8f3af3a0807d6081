import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { fleet } from "../support/fleet-command.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const INSTANCE = {
  id: "i1",
  issue: "`f` is wrong",
  files: { "a.py": "a = 1\n" },
  oracle: { "a.py": "a = 2\n" },
};

describe("a user's mistake", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fleet-mistakes-"));
    await writeTinyModel(join(folder, "model.gguf"));
    await writeFile(join(folder, "train.jsonl"), `${JSON.stringify(INSTANCE)}\n`);
    await writeFile(
      join(folder, "other.gguf"),
      (await readFile(join(folder, "model.gguf"))).subarray(0, 2000),
    );
    await writeFile(join(folder, "empty.jsonl"), '{"id": 1}\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ["a missing model", { "model.gguf": "none.gguf" }, /none\.gguf/],
    ["a truncated model", { "model.gguf": "other.gguf" }, /other\.gguf.*truncated/],
    ["a model that is none", { "model.gguf": "train.jsonl" }, /train\.jsonl.*not a GGUF/],
    [
      "a mistyped key",
      { "sampling.temprature": 1 },
      /sampling\.temprature: unknown key, did you mean "temperature"\?/,
    ],
    ["a dataset without a usable line", { "dataset.train": ["empty.jsonl"] }, /empty\.jsonl/],
    ["a context too small for every prompt", { "model.contextTokens": 16 }, /contextTokens/],
  ])("is answered in one sentence with exit code 2: %s", async (_, changes, sentence) => {
    const path = await writeRun(changes);

    const { code, stdout, stderr } = await fleet("train", path, "--runs", join(folder, "runs"));

    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
    expect(stdout).toBe("");
  });

  it.each([
    ["an unknown command", ["trian"]],
    ["an unknown option", ["train", "--stpes", "3"]],
    ["a missing file", ["train", "nowhere.yaml"]],
    ["a run that is not there", ["status", "--runs", "nowhere"]],
  ])("ends with exit code 2: %s", async (_, args) => {
    expect((await fleet(...args)).code).toBe(2);
  });

  /** A run.yaml that works but for `changes`, dotted path → value. */
  async function writeRun(changes: Readonly<Record<string, unknown>>): Promise<string> {
    const run = parse(
      "model: { gguf: model.gguf, template: raw, contextTokens: 512 }\ndataset: { train: [train.jsonl], prompt: raw }\nsampling: { maxTokens: 16 }\nsteps: 1\n",
    ) as Record<string, Record<string, unknown>>;
    for (const [path, value] of Object.entries(changes)) {
      const [section = "", key = ""] = path.split(".");
      run[section] = { ...run[section], [key]: value };
    }
    const path = join(folder, "run.yaml");
    await writeFile(path, stringify(run));
    return path;
  }
});
