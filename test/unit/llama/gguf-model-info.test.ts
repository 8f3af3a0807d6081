import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  type MetadataValue,
  openGguf,
  readModelInfo,
  type StreamedTensor,
  writeGguf,
} from "../../../llama/index.ts";
import { openExactEngine } from "../../support/cpu-engine.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";
import { type TinyModel, writeTinyModel } from "../../support/tiny-model.ts";

describe("readModelInfo", () => {
  it("tells a model's shape, tokenizer and digest", async () => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("tiny.gguf");
    await writeTinyModel(path, { type: "Q8_0", feedForward: 128, isTied: false });

    const info = await readModelInfo(path);

    const bytes = await readFile(path);
    expect(info).toEqual({
      name: "tiny",
      digest: createHash("sha256").update(bytes).digest("hex"),
      sizeBytes: bytes.length,
      layout: expect.stringMatching(/^[0-9a-f]{64}$/),
      quantization: "Q8_0",
      isTied: false,
      hasRopeFactors: false,
      layers: 2,
      embedding: 64,
      heads: 4,
      kvHeads: 2,
      headSize: 16,
      feedForward: 128,
      normEpsilon: Math.fround(1e-5),
      ropeDimensions: 16,
      ropeBase: 10_000,
      ropeScale: 1,
      contextLength: 512,
      vocabulary: 272,
      endTokens: [0],
      addBos: false,
      bosText: "",
      eosText: "<|end|>",
      specialTexts: ["<|end|>"],
      template: null,
    });
  });

  it("has one layout for all quantizations of a model, and another for another shape or tokenizer", async () => {
    await using folder = await openTemporaryFolder();
    const layoutOf = async (model: TinyModel) => {
      await writeTinyModel(folder.file("model.gguf"), model);
      return (await readModelInfo(folder.file("model.gguf"))).layout;
    };
    const base = await layoutOf({});
    const renamed = await variant(folder.file, ({ metadata }) => rename(metadata, { 3: "other" }));

    expect(await layoutOf({ type: "Q8_0" })).toBe(base);
    expect(await layoutOf({ layers: 3 })).not.toBe(base);
    expect(await layoutOf({ isTied: false })).not.toBe(base);
    expect((await readModelInfo(renamed)).layout).not.toBe(base);
  });

  it("ends a generation where llama.cpp does: at stated ids and at tokens with a known text", async () => {
    await using folder = await openTemporaryFolder();

    const path = await variant(folder.file, ({ metadata }) => {
      metadata.set("tokenizer.ggml.eot_token_id", { kind: "uint32", value: 7 });
      rename(metadata, { 3: "<|eot_id|>", 5: "<|return|>", 6: "<|call|>", 8: "<|fim_pad|>" });
    });

    // <|end|> (0) ends nothing beside <|return|> and <|call|>.
    expect((await readModelInfo(path)).endTokens).toEqual([3, 5, 6, 7, 8]);
    await using engine = await openExactEngine(path);
    expect(engine.model.endTokens).toEqual([3, 5, 6, 7, 8]);
  });

  it("begins prompts as the pre-tokenizer does, unless the file says otherwise", async () => {
    await using folder = await openTemporaryFolder();
    const addsBos = async (stated: boolean | undefined, pre: string) => {
      const path = await variant(folder.file, ({ metadata }) => {
        metadata.set("tokenizer.ggml.pre", { kind: "string", value: pre });
        metadata.delete("tokenizer.ggml.add_bos_token");
        if (stated !== undefined)
          metadata.set("tokenizer.ggml.add_bos_token", { kind: "bool", value: stated });
      });
      return (await readModelInfo(path)).addBos;
    };

    expect(await addsBos(undefined, "llama-bpe")).toBe(true);
    expect(await addsBos(undefined, "gpt-2")).toBe(false);
    expect(await addsBos(false, "llama-bpe")).toBe(false);
  });

  it.each([
    {
      what: "a model of another architecture",
      change: ({ metadata }: Parts) =>
        metadata.set("general.architecture", { kind: "string", value: "qwen3" }),
      words: 'is a model of architecture "qwen3"; only dense models of architecture "llama" are supported',
    },
    {
      what: "an adapter",
      change: ({ metadata }: Parts) => metadata.set("general.type", { kind: "string", value: "adapter" }),
      words: "is an adapter; a model is needed here",
    },
    {
      what: "experts",
      change: ({ metadata }: Parts) => metadata.set("llama.expert_count", { kind: "uint32", value: 8 }),
      words: "is a mixture of 8 experts",
    },
    {
      what: "biases",
      change: ({ tensors }: Parts) => tensors.set("blk.0.attn_q.bias", vector("blk.0.attn_q.bias", 64)),
      words: "has tensors that a dense Llama without biases has no use for: blk.0.attn_q.bias",
    },
    {
      what: "a missing tensor",
      change: ({ tensors }: Parts) => tensors.delete("blk.1.ffn_up.weight"),
      words: "lacks tensors: blk.1.ffn_up.weight",
    },
    {
      what: "a tensor of another shape",
      change: ({ tensors }: Parts) => tensors.set("output_norm.weight", vector("output_norm.weight", 32)),
      words: 'has tensor "output_norm.weight" of shape [32], its metadata say [64]',
    },
    {
      what: "a key that is missing",
      change: ({ metadata }: Parts) => metadata.delete("llama.feed_forward_length"),
      words: 'its metadata "llama.feed_forward_length" must be a number',
    },
    {
      what: "heads that differ by layer",
      change: ({ metadata }: Parts) =>
        metadata.set("llama.attention.head_count", { kind: "array", of: "uint32", value: [4, 2] }),
      words: 'its metadata "llama.attention.head_count" must be one number for all layers',
    },
    {
      what: "positions scaled by YaRN",
      change: ({ metadata }: Parts) =>
        metadata.set("llama.rope.scaling.type", { kind: "string", value: "yarn" }),
      words: 'scales its positions by "yarn"',
    },
    {
      what: "no tokenizer",
      change: ({ metadata }: Parts) => metadata.delete("tokenizer.ggml.tokens"),
      words: "has no tokenizer in its metadata",
    },
  ])("refuses $what in one sentence", async ({ change, words }) => {
    await using folder = await openTemporaryFolder();

    const path = await variant(folder.file, change);

    await expect(readModelInfo(path)).rejects.toThrow(`${path} `);
    await expect(readModelInfo(path)).rejects.toThrow(words);
    await expect(readModelInfo(path)).rejects.toMatchObject({ disposition: "reject" });
  });
});

/** A model's parts, to be changed. */
interface Parts {
  readonly metadata: Map<string, MetadataValue>;
  readonly tensors: Map<string, StreamedTensor>;
}

/** Writes a tiny model with some of its parts changed. */
async function variant(fileOf: (name: string) => string, change: (parts: Parts) => unknown): Promise<string> {
  const original = fileOf("original.gguf");
  await writeTinyModel(original);
  await using file = await openGguf(original);
  const parts: Parts = {
    metadata: new Map(file.metadata),
    tensors: new Map(
      [...file.tensors].map(([name, tensor]) => [
        name,
        {
          ...tensor,
          chunks: async function* () {
            yield await file.readRows(tensor);
          },
        },
      ]),
    ),
  };
  change(parts);
  const path = fileOf("variant.gguf");
  await writeGguf(path, parts.metadata, [...parts.tensors.values()]);
  return path;
}

function vector(name: string, length: number): StreamedTensor {
  return { name, type: "F32", shape: [length], chunks: () => [new Uint8Array(length * 4)] };
}

function rename(metadata: Map<string, MetadataValue>, texts: Readonly<Record<number, string>>): void {
  const tokens = metadata.get("tokenizer.ggml.tokens");
  const value = tokens?.kind === "array" ? tokens.value.map((text, id) => texts[id] ?? text) : [];
  metadata.set("tokenizer.ggml.tokens", { kind: "array", of: "string", value });
}
