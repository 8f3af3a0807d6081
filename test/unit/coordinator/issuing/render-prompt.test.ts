import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPromptRenderer, PromptTemplateError } from "../../../../coordinator/index.ts";

const instance = {
  id: "i1",
  issue: "`f` is wrong, see {{files}}",
  files: { "b.py": "b = 1\n", "a.py": "a = 1\n" },
  oracle: { "a.py": "a = 2\n" },
};

describe("openPromptRenderer", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "prompt-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("asks for SWE-RL's tags and edit format", async () => {
    const [system, user] = (await openPromptRenderer("swe-rl"))(instance);

    expect(system?.content).toContain("<think>");
    expect(user?.content).toContain("<<<<<<< SEARCH");
    expect(user?.content).toContain("### a.py\na = 1\n\n### b.py");
  });

  it("fills a file's placeholders and leaves those of the instance alone", async () => {
    const path = join(folder, "prompt.txt");
    await writeFile(path, "Issue: {{issue}}\n{{files}}END");

    const messages = (await openPromptRenderer(path))(instance);

    expect(messages).toEqual([
      {
        role: "user",
        content: "Issue: `f` is wrong, see {{files}}\n### a.py\na = 1\n\n### b.py\nb = 1\nEND",
      },
    ]);
  });

  it("refuses a file without a placeholder, by its name", async () => {
    const path = join(folder, "prompt.txt");
    await writeFile(path, "{{issue}}");

    await expect(openPromptRenderer(path)).rejects.toThrow(
      new PromptTemplateError(`the prompt ${path} has no {{files}} to fill in`),
    );
  });
});
