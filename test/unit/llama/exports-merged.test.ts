import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  decodeAdapter,
  encodeAdapter,
  openGguf,
  readModelInfo,
  textOf,
  writeMergedModel,
} from "../../../llama/index.ts";
import { loadAdapter, openExactEngine } from "../../support/cpu-engine.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";
import { type TinyModel, tinyAdapter, writeTinyModel } from "../../support/tiny-model.ts";

describe("a merged model, loaded by llama.cpp", () => {
  it("says what the base says with the adapter, to 1e-4 on float32", async () => {
    const { base, adapted, merged } = await logprobs({ isTied: false });

    expect(largestDifference(adapted, merged)).toBeLessThan(1e-4);
    expect(largestDifference(adapted, base)).toBeGreaterThan(0.5);
  });

  it("differs from the base with the adapter by no more than quantization does on Q8_0", async () => {
    const { base, adapted, merged } = await logprobs({ type: "Q8_0", feedForward: 128 });

    expect(largestDifference(adapted, merged)).toBeLessThan(0.05);
    expect(largestDifference(adapted, base)).toBeGreaterThan(0.5);
  });

  it("takes an adapter with alpha 0 at scale 1, as llama.cpp does", async () => {
    const { adapted, merged } = await logprobs({}, 0);

    expect(largestDifference(adapted, merged)).toBeLessThan(1e-4);
  });

  it("is as exact where a matrix is larger than what is changed at once", async () => {
    const { adapted, merged } = await logprobs({ layers: 1, embedding: 256, heads: 8, feedForward: 1056 });

    expect(largestDifference(adapted, merged)).toBeLessThan(1e-4);
  });

  it("keeps the types and the metadata of the base, and names base and adapter", async () => {
    await using folder = await openTemporaryFolder();
    const [path, merged] = [folder.file("base.gguf"), folder.file("merged.gguf")];
    await writeTinyModel(path, { type: "Q4_K", embedding: 256, feedForward: 256 });
    const model = await readModelInfo(path);

    await writeMergedModel(merged, path, encodeAdapter(tinyAdapter(model)));

    await using before = await openGguf(path);
    await using after = await openGguf(merged);
    const types = (tensors: typeof before.tensors) =>
      [...tensors.values()].map(({ name, type }) => [name, type]);
    expect(types(after.tensors)).toEqual(types(before.tensors));
    expect(after.metadata.get("tokenizer.ggml.merges")).toEqual(before.metadata.get("tokenizer.ggml.merges"));
    expect(textOf(after.metadata, "fleet.base_digest")).toBe(model.digest);
    expect(textOf(after.metadata, "fleet.adapter_digest")).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is made from an adapter that names no base, as llama.cpp's converter writes them, where the shapes fit", async () => {
    await using folder = await openTemporaryFolder();
    const [path, other] = [folder.file("base.gguf"), folder.file("other.gguf")];
    await writeTinyModel(path);
    await writeTinyModel(other, { layers: 1 });
    const model = await readModelInfo(path);
    const named = tinyAdapter(model);
    const unnamed = encodeAdapter({ ...named, base: "" });

    await writeMergedModel(folder.file("merged.gguf"), path, unnamed);
    await writeMergedModel(folder.file("same.gguf"), path, encodeAdapter(named));

    await using merged = await openGguf(folder.file("merged.gguf"));
    expect(textOf(merged.metadata, "fleet.base_digest")).toBe(model.digest);
    expect(await weightsOf(folder.file("merged.gguf"))).toEqual(await weightsOf(folder.file("same.gguf")));
    await expect(writeMergedModel(folder.file("no.gguf"), other, unnamed)).rejects.toThrow(
      "which the model does not have",
    );
  });

  it("is not made from an adapter of another base", async () => {
    await using folder = await openTemporaryFolder();
    const [path, other] = [folder.file("base.gguf"), folder.file("other.gguf")];
    await writeTinyModel(path);
    await writeTinyModel(other, { seed: 1 });
    const adapter = encodeAdapter(tinyAdapter(await readModelInfo(other)));

    await expect(writeMergedModel(folder.file("merged.gguf"), path, adapter)).rejects.toThrow(
      "the adapter belongs to the base",
    );
  });
});

describe("an adapter, loaded by llama.cpp", () => {
  it.each([
    { alpha: 8, rank: 4, same: { alpha: 2, rank: 4, size: 4 } },
    { alpha: 0, rank: 4, same: { alpha: 4, rank: 4, size: 1 } },
  ])(
    "is multiplied by alpha / rank, by 1 when alpha is 0 (alpha $alpha, rank $rank)",
    async ({ alpha, rank, same }) => {
      await using folder = await openTemporaryFolder();
      const path = folder.file("base.gguf");
      await writeTinyModel(path);
      const adapter = tinyAdapter(await readModelInfo(path), { alpha, rank });
      const larger = adapter.tensors.map((tensor) =>
        tensor.name.endsWith("lora_b")
          ? { ...tensor, values: tensor.values.map((value) => value * same.size) }
          : tensor,
      );
      await using engine = await openExactEngine(path);

      const first = await loadAdapter(engine, encodeAdapter(adapter));
      const second = await loadAdapter(
        engine,
        encodeAdapter({ ...decodeAdapter(encodeAdapter(adapter)), alpha: same.alpha, tensors: larger }),
      );

      const [a, b] = [await scoreTokens(engine, first), await scoreTokens(engine, second)];
      expect(largestDifference(a, b)).toBeLessThan(1e-5);
    },
  );
});

const TOKENS = Int32Array.from({ length: 48 }, (_, i) => 1 + ((i * 97) % 271));

type Scorer = Awaited<ReturnType<typeof openExactEngine>>;

/** All that follows the header of a GGUF. */
async function weightsOf(path: string): Promise<Uint8Array> {
  await using file = await openGguf(path);
  const from = Math.min(...[...file.tensors.values()].map(({ offset }) => offset));
  return (await readFile(path)).subarray(from);
}

async function scoreTokens(engine: Scorer, adapter: string): Promise<Float32Array> {
  return (await engine.score({ tokens: TOKENS, from: 1, adapter, temperature: 1 })).logpT;
}

/** What the base, the base with an adapter, and the merged model say about the same tokens. */
async function logprobs(tiny: TinyModel, alpha = 8) {
  await using folder = await openTemporaryFolder();
  const [path, mergedPath] = [folder.file("base.gguf"), folder.file("merged.gguf")];
  await writeTinyModel(path, tiny);
  const adapter = encodeAdapter(tinyAdapter(await readModelInfo(path), { alpha }));
  await writeMergedModel(mergedPath, path, adapter);
  await using engine = await openExactEngine(path);
  await using mergedEngine = await openExactEngine(mergedPath);
  const digest = await loadAdapter(engine, adapter);
  return {
    base: await scoreTokens(engine, ""),
    adapted: await scoreTokens(engine, digest),
    merged: await scoreTokens(mergedEngine, ""),
  };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
}
