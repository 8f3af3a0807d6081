import { writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { DatasetConfig, EvalConfig } from "../../../../coordinator/config.ts";
import { readPrompts } from "../../../../coordinator/issuing/read-prompts.ts";
import { openTemporaryFolder } from "../../../support/temporary-folder.ts";

it("a line that is no instance is left out and named by file and line, in training and held out", async () => {
  await using folder = await openTemporaryFolder();
  const [train, heldOut] = [folder.file("train.jsonl"), folder.file("held-out.jsonl")];
  await writeFile(train, `${lineOf("a")}\n{"id": "b"}\n${lineOf("c")}\n`);
  await writeFile(heldOut, `not JSON\n${lineOf("h")}\n`);

  const { prompts, badLines } = await readPrompts({
    seed: 1,
    dataset: DatasetConfig.parse({ train: [train], badLinesAtMost: 0.5 }),
    eval: EvalConfig.parse({ dataset: [heldOut] }),
  });

  expect([prompts.train, prompts.heldOut]).toEqual([["a", "c"], ["h"]]);
  expect(badLines).toEqual([
    { path: train, line: 2, reason: expect.stringContaining('"issue" is missing') },
    { path: heldOut, line: 1, reason: expect.stringContaining("no valid JSON") },
  ]);
});

function lineOf(id: string): string {
  return JSON.stringify({
    id,
    issue: "it fails",
    files: { "a.py": "a = 1\n" },
    oracle: { "a.py": "a = 2\n" },
  });
}
