import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { configurationPage } from "../../../cli/index.ts";
import { parseCount, parsePositive } from "../../../cli/parse.ts";
import { readRunConfig } from "../../../cli/read-run-config.ts";
import { assertMayResume } from "../../../cli/resume-config.ts";
import { RunConfig } from "../../../cli/run-config.ts";
import { readConfig } from "../../../core/index.ts";

const pathOf = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const minimal = { model: { gguf: "m.gguf" }, dataset: { train: ["t.jsonl"] } };

describe("run.yaml", () => {
  it("has SWE-RL's published numbers as defaults", () => {
    const { steps, batch, model, sampling, reward, grpo } = RunConfig.parse(minimal);

    expect(steps).toBe(1600);
    expect(batch).toMatchObject({ prompts: 32, group: 16 });
    expect(model.contextTokens).toBe(16_384);
    expect(sampling).toMatchObject({ topK: 0, topP: 1, minP: 0 });
    expect(reward).toMatchObject({ name: "swe-rl", form: "continuous" });
    expect(grpo).toMatchObject({ baseline: "mean", scale: "std" });
  });

  it("needs a model and a dataset, and nothing else", () => {
    expect(RunConfig.safeParse(minimal).success).toBe(true);
    expect(RunConfig.safeParse({ model: minimal.model }).success).toBe(false);
    expect(RunConfig.safeParse({ dataset: minimal.dataset }).success).toBe(false);
  });

  it("is documented key by key, and docs/configuration.md is current", async () => {
    const page = await readFile(pathOf("docs/configuration.md"), "utf8");

    expect(page).toBe(configurationPage());
    expect(page).toContain("| `batch.prompts` | integer (from 1) | `32` | Groups of an optimizer step. |");
    expect(page).not.toMatch(/\| *\|$/m);
  });
});

describe("the examples", () => {
  it("load: the demo's", async () => {
    const config = await readRunConfig(pathOf("examples/demo/run.yaml"));

    expect(config.model.gguf).toBe(pathOf("examples/demo/model/demo-q8_0.gguf"));
    expect(config.dataset.prompt).toBe(pathOf("examples/demo/prompt.txt"));
    expect(config.eval.dataset).toEqual([pathOf("examples/demo/data/held-out.jsonl")]);
    expect(config.local.workers).toEqual([{ device: "cpu", count: 2, slots: 8, threads: 1 }]);
  });

  it("load: the one for Llama 3 8B, with SWE-RL's batch and context", async () => {
    const config = await readRunConfig(pathOf("examples/llama-3-8b.yaml"));

    expect(config.batch).toMatchObject({ prompts: 32, group: 16 });
    expect(config.model).toMatchObject({ contextTokens: 16_384, template: "gguf" });
    expect(config.dataset.prompt).toBe("swe-rl");
  });
});

describe("a variant of the base", () => {
  it.each([
    ["base", "a".repeat(64), /another name than "base"/],
    ["Q4", "a".repeat(64), /lower-case letters, digits and "-"/],
    ["q4", "abc", /64 hexadecimal digits/],
  ])("has a name of its own and a digest: not %s with %s", (name, sha256, sentence) => {
    const model = { ...minimal.model, variants: { [name]: { sha256 } } };

    expect(() => readConfig(RunConfig, { ...minimal, model }, "run.yaml")).toThrow(sentence);
  });
});

describe("the variants of a run that goes on", () => {
  const withVariants = (variants: object) =>
    RunConfig.parse({ ...minimal, model: { ...minimal.model, variants } });
  const q4 = { sha256: "a".repeat(64) };

  it("may come, go and lie elsewhere", () => {
    expect(() => assertMayResume(withVariants({}), withVariants({ q4 }))).not.toThrow();
    expect(() => assertMayResume(withVariants({ q4 }), withVariants({}))).not.toThrow();
    const moved = { q4: { ...q4, gguf: "q4.gguf" } };
    expect(() => assertMayResume(withVariants({ q4 }), withVariants(moved))).not.toThrow();
  });

  it("keep the file that their name means", () => {
    const other = { q4: { sha256: "b".repeat(64) } };

    expect(() => assertMayResume(withVariants({ q4 }), withVariants(other))).toThrow(
      /model\.variants\.q4\.sha256: was "a{64}", is "b{64}"/,
    );
  });
});

describe("a changed run.yaml", () => {
  const before = RunConfig.parse(minimal);

  it.each([
    ["steps", { steps: 9 }],
    ["leases", { leases: { ackWaitMs: 60_000 } }],
    ["worker", { worker: { onPolicyUpdate: "drain" } }],
    ["checkpoints", { checkpoints: { keepLast: 9 } }],
    ["local", { local: { workers: [{ count: 3 }] } }],
  ])("may go on with other %s", (_, changed) => {
    expect(() => assertMayResume(before, RunConfig.parse({ ...minimal, ...changed }))).not.toThrow();
  });

  it.each([
    ["seed: was 0, is 1", { seed: 1 }],
    ['model.gguf: was "m.gguf", is "n.gguf"', { model: { gguf: "n.gguf" } }],
    ['dataset.train: was ["t.jsonl"], is ["u.jsonl"]', { dataset: { train: ["u.jsonl"] } }],
    ["batch.group: was 16, is 8", { batch: { group: 8 } }],
    ["sampling.temperature: was 1, is 0.5", { sampling: { temperature: 0.5 } }],
    ["eval.every: was 0, is 5", { eval: { every: 5 } }],
    ['reward.form: was "continuous", is "discrete"', { reward: { form: "discrete" } }],
    ["grpo.beta: was 0, is 0.1", { grpo: { beta: 0.1 } }],
    ["lora.rank: was 16, is 8", { lora: { rank: 8 } }],
    ["optimizer.clipNorm: was 1, is 2", { optimizer: { clipNorm: 2 } }],
  ])("is refused by name: %s", (line, changed) => {
    expect(() => assertMayResume(before, RunConfig.parse({ ...minimal, ...changed }))).toThrow(
      `a run cannot change while it goes on:\n  ${line}\nput these back, or start a new run`,
    );
  });

  it("is told every key that is refused, not the first alone", () => {
    const after = RunConfig.parse({ ...minimal, seed: 1, batch: { prompts: 2, group: 4 } });

    expect(() => assertMayResume(before, after)).toThrow(
      /seed: was 0, is 1\n {2}batch\.prompts: .*\n {2}batch\.group: /,
    );
  });
});

describe("numbers on the command line", () => {
  it("are whole", () => {
    expect([parseCount("0"), parseCount("12"), parsePositive("1")]).toEqual([0, 12, 1]);
  });

  it.each(["", " ", "-1", "1.5", "x", "1e99"])("are refused otherwise: %j", (text) => {
    expect(() => parseCount(text)).toThrow("It must be a whole number, 0 or more.");
    expect(() => parsePositive(text)).toThrow("It must be a whole number, 1 or more.");
  });

  it("may have to be above zero", () => {
    expect(() => parsePositive("0")).toThrow("1 or more");
  });
});
