import { describe, expect, it } from "vitest";
import { fleet } from "../support/fleet-command.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const SIZES = ["--slots", "4", "--context-tokens", "256", "--completion-tokens", "64"];

describe("fleet doctor MODEL", () => {
  it("says what the model is, what worker and updater take, how fast it is and whether a seed repeats", async () => {
    await using folder = await openTemporaryFolder();
    const gguf = folder.file("tiny.gguf");
    await writeTinyModel(gguf);

    const { code, stdout } = await fleet("doctor", gguf, ...SIZES, "--try", "--json");

    expect(code).toBe(0);
    const findings: { what: string; works: boolean; detail: string }[] = JSON.parse(stdout);
    const detail = (what: string) => findings.find((finding) => finding.what === what)?.detail ?? "";
    expect(detail("model")).toMatch(
      /^tiny: F32, 2 layers of 64, vocabulary 272, [\d.]+ MiB, no chat template/,
    );
    expect(detail("worker")).toMatch(/^4 slots of 256 tokens on cpu: .* of KV cells, .* in all$/);
    expect(detail("updater")).toMatch(
      /^8 completions of 64 tokens after a prompt of 192 at once: .* in all$/,
    );
    expect(detail("speed")).toMatch(/^[1-9]\d* tokens\/s in 4 slots, prompts at [1-9]\d* tokens\/s, on CPU$/);
    expect(detail("repeating")).toMatch(/^2 of 2 seeds give the same tokens alone as beside 3 others; /);
  });

  it("says how many slots would fit where they do not, and what texts are too long for gradients", async () => {
    await using folder = await openTemporaryFolder();
    const gguf = folder.file("tiny.gguf");
    await writeTinyModel(gguf, { layers: 64 });

    const sizes = ["--slots", "100", "--context-tokens", "200000"];
    const { code, stdout } = await fleet("doctor", gguf, ...sizes);

    expect(code).toBe(2);
    expect(stdout).toMatch(/^✗ worker +100 slots .* in all, and .* are free: take \d+ slots$/m);
    expect(stdout).toMatch(/^✗ updater +the longest text has 199,999 tokens/m);
  });

  it("refuses what is no model in one sentence", async () => {
    const { code, stderr } = await fleet("doctor", "README.md");

    expect(stderr).toBe('fleet: README.md is not a GGUF file: it does not begin with "GGUF"\n');
    expect(code).toBe(2);
  });
});
