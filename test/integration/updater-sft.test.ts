import { readdir, readFile, writeFile } from "node:fs/promises";
import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { checkAdapterFits, decodeAdapter, readModelInfo } from "../../llama/index.ts";
import { runSft, SftConfig, type SftStep } from "../../updater/index.ts";
import { loadAdapter, openExactEngine } from "../support/cpu-engine.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { tinyTokenizer, writeTinyModel } from "../support/tiny-model.ts";

const never = new AbortController().signal;

/** Pairs whose completion can be told from the prompt. */
const pairs = Array.from({ length: 48 }, (_, n) => {
  const letter = String.fromCharCode(97 + (n % 8));
  return { prompt: `say ${letter}:`, completion: letter.repeat(3 + (n % 4)) };
});

async function configIn(folder: TemporaryFolder, given: Record<string, unknown> = {}): Promise<SftConfig> {
  const lines = pairs.map((pair) => `${JSON.stringify(pair)}\n`).join("");
  await writeFile(folder.file("pairs.jsonl.zst"), zstdCompressSync(lines));
  await writeFile(folder.file("held-out.jsonl"), lines);
  await writeFile(folder.file("tokenizer.json"), tinyTokenizer(272));
  const shape = { layers: 2, embedding: 64, heads: 4, kvHeads: 2, feedForward: 96, contextTokens: 64 };
  const phase = {
    dataset: folder.file("pairs.jsonl.zst"),
    tokens: 2_000,
    rows: 8,
    warmupSteps: 2,
    promptWeight: 0.1,
  };
  return SftConfig.parse({
    model: { fresh: { tokenizer: folder.file("tokenizer.json"), ...shape } },
    template: "raw",
    trainable: { kind: "all" },
    out: folder.file("model.gguf"),
    heldOut: { dataset: folder.file("held-out.jsonl"), everySteps: 1000 },
    phases: [
      { ...phase, name: "first", optimizer: "muon+adamw", learningRate: 3e-3 },
      { ...phase, name: "second", optimizer: "adamw", learningRate: 1e-3 },
    ],
    ...given,
  });
}

async function fineTune(config: SftConfig, stopAfter = Number.POSITIVE_INFINITY) {
  const steps: SftStep[] = [];
  const stop = new AbortController();
  const onStep = (step: SftStep) => {
    steps.push(step);
    if (steps.length === stopAfter) stop.abort();
  };
  const options = {
    config,
    device: "cpu",
    threads: 1,
    metadata: new Map([["made.of", "tests"]]),
    onStep,
  } as const;
  const isWritten = await runSft(options, { stop: stop.signal, abandon: never });
  return { steps, isWritten };
}

/** Mean log-probability of the pairs' completions by the decoding engine: of the model alone, then under `adapter`. */
async function likelihoods(gguf: string, adapter?: Uint8Array): Promise<number[]> {
  await using engine = await openExactEngine(gguf, 64);
  const policies = adapter === undefined ? [""] : ["", await loadAdapter(engine, adapter)];
  const tokenize = (content: string) => engine.tokenizePrompt([{ role: "user", content }]);
  return await Array.fromAsync(policies, async (policy) => {
    let sum = 0;
    let count = 0;
    for (const { prompt, completion } of pairs.slice(0, 8)) {
      const from = (await tokenize(prompt)).length;
      const tokens = await tokenize(prompt + completion);
      const { logpT } = await engine.score({ tokens, from, adapter: policy, temperature: 1 });
      sum += logpT.reduce((a, b) => a + b, 0);
      count += logpT.length;
    }
    return sum / count;
  });
}

describe("supervised fine-tuning", { timeout: 90_000 }, () => {
  it("makes completions likelier, phase after phase, and writes a model that loads", async () => {
    await using folder = await openTemporaryFolder();
    const config = await configIn(folder);

    const { steps, isWritten } = await fineTune(config);

    const measured = steps.flatMap(({ heldOutNll }) => heldOutNll ?? []);
    expect(isWritten).toBe(true);
    expect(steps[0]?.nll).toBeGreaterThan(5);
    expect(measured).toHaveLength(2);
    expect(measured[0]).toBeLessThan(4);
    expect(measured[1]).toBeLessThan(measured[0] ?? 0);
    expect(await readModelInfo(config.out)).toMatchObject({ name: "model", quantization: "Q8_0", layers: 2 });
    const [learnt] = await likelihoods(config.out);
    expect(learnt).toBeCloseTo(-(measured[1] ?? 0), 0);
    expect((await readdir(folder.file("."))).filter((name) => name.startsWith("model"))).toEqual([
      "model.gguf",
    ]);
  });

  it("writes the same bytes when it is stopped in either phase and continued", async () => {
    await using whole = await openTemporaryFolder();
    await using broken = await openTemporaryFolder();
    await fineTune(await configIn(whole));

    const first = await fineTune(await configIn(broken), 5);
    const second = await fineTune(await configIn(broken), 20);
    const third = await fineTune(await configIn(broken));

    expect([first, second, third].map(({ isWritten }) => isWritten)).toEqual([false, false, true]);
    expect(second.steps.at(-1)?.phase).toBe("second");
    expect(await readFile(broken.file("model.gguf"))).toEqual(await readFile(whole.file("model.gguf")));
  });

  it("trains an adapter over a base that stays as it is", async () => {
    await using folder = await openTemporaryFolder();
    await writeTinyModel(folder.file("base.gguf"));
    const before = await readFile(folder.file("base.gguf"));
    const config = await configIn(folder, {
      heldOut: { dataset: folder.file("held-out.jsonl"), everySteps: 1 },
      model: { base: folder.file("base.gguf") },
      trainable: { kind: "lora", rank: 4, alpha: 8 },
      out: folder.file("adapter.gguf"),
      phases: [
        {
          name: "only",
          dataset: folder.file("held-out.jsonl"),
          tokens: 4_000,
          learningRate: 0.05,
          warmupSteps: 2,
        },
      ],
    });

    const { steps } = await fineTune(config);

    const adapter = decodeAdapter(await readFile(config.out));
    checkAdapterFits(adapter, await readModelInfo(folder.file("base.gguf")));
    expect(steps.at(-1)?.heldOutNll).toBeLessThan((steps[0]?.heldOutNll ?? 0) - 0.1);
    const [without, trained] = await likelihoods(folder.file("base.gguf"), await readFile(config.out));
    expect(trained).toBeGreaterThan((without ?? 0) + 0.1);
    expect(await readFile(folder.file("base.gguf"))).toEqual(before);
  });

  it("refuses to continue another fine-tuning", async () => {
    await using folder = await openTemporaryFolder();
    await fineTune(await configIn(folder), 3);

    const other = fineTune(await configIn(folder, { seed: 5 }));

    await expect(other).rejects.toThrow("was left by a fine-tuning with another configuration or base");
  });

  it.each([
    ['{"prompt": "a"}', "bad.jsonl line 1: completion: "],
    ["{", "bad.jsonl line 1: the line: "],
    ["", "has no line with a prompt and a completion"],
    [JSON.stringify({ prompt: "x", completion: "y".repeat(100) }), "pair 1 of"],
  ])("refuses the line %s in one sentence", async (line, sentence) => {
    await using folder = await openTemporaryFolder();
    await writeFile(folder.file("bad.jsonl"), `${line}\n`);
    const phase = { name: "only", dataset: folder.file("bad.jsonl"), tokens: 100, learningRate: 1e-3 };
    const config = await configIn(folder, { phases: [phase] });

    await expect(fineTune(config)).rejects.toThrow(sentence);
  });
});
