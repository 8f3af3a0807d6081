import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArchive, type Summary } from "../../coordinator/index.ts";
import { fleet } from "../support/fleet-command.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";
import { problemsOf, writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

/** So many that both workers are there for some. */
const STEPS = 24;
const TRAIN = { timeout: 120_000 };

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await openTemporaryFolder();
  await writeTinyInputs(folder.path);
  await writeTinyModel(folder.file("q8.gguf"), { type: "Q8_0" });
  await writeTinyModel(folder.file("deeper.gguf"), { type: "Q8_0", layers: 3 });
});
afterAll(() => folder[Symbol.asyncDispose]());

const sha256 = async (name: string) =>
  createHash("sha256")
    .update(await readFile(folder.file(name)))
    .digest("hex");

/** A run of one worker with the base, and one with a variant. */
async function runWith(name: string, variant: object): Promise<string> {
  const worker = { device: "cpu", slots: 4 };
  return await writeTinyRun(folder.path, name, {
    steps: STEPS,
    model: {
      ...{ gguf: "model.gguf", template: "raw", contextTokens: 256, exact: true },
      variants: { q8: variant },
    },
    batch: { prompts: 6, group: 4, staleness: 1 },
    local: { workers: [worker, { ...worker, variant: "q8" }], updater: { device: "cpu" } },
  });
}

describe("a run whose pools have other quantizations of its base", () => {
  it("trains on what all of them sample, and says how far each is from the trainer", TRAIN, async () => {
    const file = await runWith("run", { gguf: "q8.gguf", sha256: await sha256("q8.gguf") });

    const { code, stderr } = await fleet("train", file, "--runs", folder.file("runs"), "--run", "both");

    expect(code, stderr).toBe(0);
    expect(await problemsOf(folder.file("runs"), "both", STEPS)).toEqual([]);
    const rows = await readArchive(folder.file("runs/both/archive"), { sort: "sequence", atMost: 1_000 });
    expect(new Set(rows.map(({ worker }) => worker))).toEqual(new Set(["worker-0", "worker-1"]));
    const summary: Summary = JSON.parse(await readFile(folder.file("runs/both/summary.json"), "utf8"));
    const gaps = summary.steps.flatMap((step) => step.gaps);
    const largest = (of: string) =>
      Math.max(...gaps.filter(({ variant }) => variant === of).map(({ meanAbs }) => meanAbs));
    expect(largest("base")).toBeGreaterThanOrEqual(0);
    expect(largest("q8")).toBeGreaterThan(10 * largest("base"));
  });

  it.each([
    ["of another shape", "deeper.gguf", /deeper\.gguf is no quantization of \S+model\.gguf: its shapes, /],
    [
      "that is not the file that was meant",
      "model.gguf",
      /model\.gguf has the SHA-256 \w{64}: model\.variants\.q8\.sha256 says /,
    ],
  ])("refuses a variant %s, before anything starts", async (_, gguf, sentence) => {
    const named = gguf === "model.gguf" ? "q8.gguf" : gguf;
    const file = await runWith("refused", { gguf, sha256: await sha256(named) });

    const { code, stderr } = await fleet("train", file, "--runs", folder.file("runs"), "--run", "refused");

    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
  });

  it("refuses a worker whose variant has no file", async () => {
    const file = await runWith("refused", { sha256: await sha256("q8.gguf") });

    const { code, stderr } = await fleet("train", file, "--runs", folder.file("runs"), "--run", "refused");

    expect(code).toBe(2);
    expect(stderr).toContain("local.workers names the variant q8: model.variants.q8.gguf is missing");
  });
});
