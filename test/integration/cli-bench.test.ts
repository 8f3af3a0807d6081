import { describe, expect, it } from "vitest";
import { fleet } from "../support/fleet-command.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const LOAD = ["--slots", "4", "--prompt-tokens", "48", "--completion-tokens", "16", "--group", "4"];
const ROWS = [
  ...["decoding-1", "sampling-1-1", "decoding-2", "decoding-4", "sampling-4-1", "prefill", "engine-start"],
  ...["policy-change-keep", "policy-change-recompute", "policy-change-drain"],
  ...["gradient", "shared-prompt", "parallel"],
];

describe("fleet bench", () => {
  it("measures both engines and llama_decode alone, and says what limits a run", async () => {
    await using folder = await openTemporaryFolder();
    const gguf = folder.file("tiny.gguf");
    await writeTinyModel(gguf);

    const measured = await fleet("bench", "--model", gguf, ...LOAD, "--lanes", "2", "--json");

    expect(measured.code, measured.stderr).toBe(0);
    const { model, rows, settings, notes } = JSON.parse(measured.stdout);
    expect(model).toMatchObject({ file: gguf, quantization: "F32", layers: 2 });
    expect(rows.map(({ id }: { id: string }) => id)).toEqual(ROWS);
    for (const { id, value } of rows) {
      // What a change costs a model this small is less than what two turns differ by.
      if (id.startsWith("policy-change")) expect(Number.isFinite(value), id).toBe(true);
      else expect(value, id).toBeGreaterThan(0);
    }
    expect(settings).toHaveLength(16);
    expect(notes[0]).toMatch(
      /^(sampling|the gradient) limits a run: a step of 8 prompts × 4 completions samples for /,
    );
    expect(notes).toContainEqual(expect.stringMatching(/^model\.decoding: /));
  });

  it("prints a table for a person, of the demo's model unless another is named", async () => {
    const { code, stdout, stderr } = await fleet("bench", ...LOAD, "--lanes", "1");

    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^demo.*: Q8_0, 4 layers of /);
    expect(stdout).toMatch(/\nsampling-4-1 +\d+[.\d]* +× /);
    expect(stdout).not.toContain("parallel");
  });

  it.each([
    [["--model", "/nowhere/model.gguf"], /\/nowhere\/model\.gguf/],
    [["--slots", "0"], /--slots/],
    [["--slots", "1000"], /slots/],
    [["--device", "tpu"], /--device/],
  ])("says in a sentence what is wrong with %o", async (args, sentence) => {
    const { code, stderr } = await fleet("bench", ...LOAD, ...args);

    expect(code).not.toBe(0);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
