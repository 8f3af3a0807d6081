import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAdapter, openExactEngine } from "../support/cpu-engine.ts";
import { fleet } from "../support/fleet-command.ts";
import { writeRunCheckpoint, writeRunFolder, writeRunInputs } from "../support/run-by-hand.ts";

const tokens = Int32Array.from([40, 41, 42, 43, 44, 45, 46, 47]);

let folder: string;
let run: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-export-"));
  run = await writeRunFolder(folder, await writeRunInputs(folder), "learnt", {});
  await writeRunCheckpoint(run, at("model.gguf"));
});

afterAll(() => rm(folder, { recursive: true }));

async function exportAs(format: string, name: string): Promise<string> {
  const args = ["--format", format, "--out", at(name), "--runs", at("runs")];
  const { code, stdout, stderr } = await fleet("export", "adapter", ...args);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

async function scoresOf(gguf: string, adapter?: Uint8Array): Promise<Float32Array> {
  await using engine = await openExactEngine(gguf, 64);
  const policy = adapter === undefined ? "" : await loadAdapter(engine, adapter);
  const { logpT } = await engine.score({ tokens, from: 1, adapter: policy, temperature: 1 });
  return logpT;
}

function largestGap(a: Float32Array, b: Float32Array): number {
  return Math.max(...a.map((value, t) => Math.abs(value - (b[t] ?? Number.NaN))));
}

describe("fleet export adapter", { timeout: 60_000 }, () => {
  it("writes an adapter and a merged model that score alike, and unlike the base", async () => {
    const said = await exportAs("gguf", "adapter.gguf");
    await exportAs("merged-gguf", "merged.gguf");

    const base = await scoresOf(at("model.gguf"));
    const adapted = await scoresOf(at("model.gguf"), await readFile(at("adapter.gguf")));
    const merged = await scoresOf(at("merged.gguf"));
    expect(said).toBe(`${at("adapter.gguf")}: the adapter of step 1 of run learnt\n`);
    expect(largestGap(adapted, base)).toBeGreaterThan(0.01);
    expect(largestGap(adapted, merged)).toBeLessThan(1e-4);
  });

  it("writes a folder of Hugging Face PEFT", async () => {
    await exportAs("peft", "peft");

    const config = JSON.parse(await readFile(at("peft/adapter_config.json"), "utf8")) as object;
    const weights = await readFile(at("peft/adapter_model.safetensors"));
    const header = weights.subarray(8, 8 + Number(weights.readBigUInt64LE())).toString();
    expect(config).toMatchObject({ peft_type: "LORA", r: 4, lora_alpha: 8 });
    expect(Object.keys(JSON.parse(header) as object).filter((name) => name.endsWith(".weight"))).toHaveLength(
      28,
    );
  });
});

describe("fleet model merge", { timeout: 60_000 }, () => {
  it("folds an adapter into its model, which scores as both together", async () => {
    await exportAs("gguf", "adapter.gguf");
    await exportAs("merged-gguf", "merged.gguf");

    const merging = await fleet(
      "model",
      "merge",
      at("model.gguf"),
      at("adapter.gguf"),
      "--out",
      at("folded.gguf"),
    );

    expect(merging.stderr).toBe("");
    expect(merging.stdout).toMatch(
      /folded\.gguf: .*model\.gguf with .*adapter\.gguf folded in, SHA-256 [0-9a-f]{64}\n$/,
    );
    expect(await scoresOf(at("folded.gguf"))).toEqual(await scoresOf(at("merged.gguf")));
  });

  it.each([
    [["model.gguf", "nowhere.gguf"], "nowhere.gguf cannot be read: name a LoRA's GGUF"],
    [["model.gguf", "model.gguf"], "model.gguf is a GGUF, but not a LoRA adapter"],
    [["nowhere.gguf", "adapter.gguf"], "nowhere.gguf"],
  ])("says in a sentence what is wrong with %o", async (files, sentence) => {
    const { code, stderr } = await fleet("model", "merge", ...files.map(at), "--out", at("none.gguf"));

    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(stderr.trim()).not.toContain("\n");
  });

  it("does not write over a folder", async () => {
    const { code, stderr } = await fleet(
      "model",
      "merge",
      at("model.gguf"),
      at("adapter.gguf"),
      "--out",
      folder,
    );

    expect(code).toBe(2);
    expect(stderr).toContain("is a folder, name a file");
  });
});
