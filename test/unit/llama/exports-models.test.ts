import { describe, expect, it } from "vitest";
import { openGguf, readModelInfo, textOf, writeFreshModel, writeTrainedModel } from "../../../llama/index.ts";
import { openExactEngine } from "../../support/cpu-engine.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";
import { tinyTokenizer, writeTinyModel } from "../../support/tiny-model.ts";

const FRESH = {
  name: "fresh",
  layers: 2,
  embedding: 64,
  heads: 4,
  kvHeads: 2,
  feedForward: 128,
  contextTokens: 256,
  ropeBase: 10_000,
  normEpsilon: 1e-5,
  isTied: true,
};

describe("a fresh model", () => {
  it("is the same file for the same seed, and another for another", async () => {
    await using folder = await openTemporaryFolder();
    const write = async (name: string, seed: number) => {
      await writeFreshModel(folder.file(name), FRESH, tinyTokenizer(300), seed);
      return (await readModelInfo(folder.file(name))).digest;
    };

    const first = await write("a", 1);

    expect(await write("b", 1)).toBe(first);
    expect(await write("c", 2)).not.toBe(first);
  });

  it("has norms of one and matrices of the deviation that their place asks for", async () => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("fresh.gguf");
    await writeFreshModel(path, { ...FRESH, isTied: false }, tinyTokenizer(300), 0);

    await using file = await openGguf(path);
    const deviationOf = async (name: string) => {
      const tensor = file.tensors.get(name);
      const bytes = tensor ? await file.readRows(tensor) : new Uint8Array();
      const values = new Float32Array(Uint8Array.from(bytes).buffer);
      return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    };

    // The deviation of 4,096 normal numbers is off by more than 6 % once in 10^7 times.
    expect(await deviationOf("token_embd.weight")).toBeCloseTo(0.02, 2);
    expect((await deviationOf("blk.0.attn_q.weight")) * 8).toBeCloseTo(1, 1);
    expect((await deviationOf("output.weight")) * 8).toBeCloseTo(1, 1);
    expect((await deviationOf("blk.1.attn_output.weight")) * 8 * 2).toBeCloseTo(1, 1);
    expect((await deviationOf("blk.1.ffn_down.weight")) * Math.sqrt(128) * 2).toBeCloseTo(1, 1);
    expect(await deviationOf("blk.0.ffn_norm.weight")).toBe(1);
  });

  it("is loaded by llama.cpp, which splits texts into the tokens of its tokenizer", async () => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("fresh.gguf");
    await writeFreshModel(path, FRESH, tinyTokenizer(260), 0); // Merges: ee, et, ea.

    await using engine = await openExactEngine(path);
    const tokens = await engine.tokenizePrompt([{ role: "user", content: "et ö<|end|>" }]);

    const byte = (value: number) => value + 1;
    expect([...tokens]).toEqual([258, byte(0x20), byte(0xc3), byte(0xb6), ...[..."<|end|>"].map(byteOf)]);
    expect(engine.model.endTokens).toEqual([0]);
  });

  it("is not made with heads that do not fit, or with a tokenizer of another kind", async () => {
    await using folder = await openTemporaryFolder();
    const write = (changed: object, tokenizer: string) =>
      writeFreshModel(folder.file("bad.gguf"), { ...FRESH, ...changed }, tokenizer, 0);

    await expect(write({ heads: 5 }, tinyTokenizer(300))).rejects.toThrow("embedding / heads must be even");
    await expect(write({ kvHeads: 3 }, tinyTokenizer(300))).rejects.toThrow("a multiple of key-value heads");
    await expect(write({}, "{")).rejects.toThrow("the tokenizer file is not a byte-level BPE tokenizer");
    await expect(write({}, tinyTokenizer(300).replace('"type":"BPE"', '"type":"Unigram"'))).rejects.toThrow(
      "model.type",
    );
    await expect(write({}, tinyTokenizer(300).replace('"!":34', '"!":999'))).rejects.toThrow(
      "the tokenizer file has no token with id 34",
    );
    await expect(write({}, tinyTokenizer(300).replace('"special":true', '"special":false'))).rejects.toThrow(
      "has no special token to end a text with",
    );
  });
});

describe("a trained model", () => {
  it("has the new weights, the old ones where there are none, and the metadata of both", async () => {
    await using folder = await openTemporaryFolder();
    const [base, path] = [folder.file("base.gguf"), folder.file("trained.gguf")];
    await writeTinyModel(base);
    const values = Float32Array.from({ length: 64 * 64 }, (_, i) => i / 4096);

    await writeTrainedModel(path, {
      base,
      type: "F32",
      weights: new Map([["blk.1.attn_q.weight", values]]),
      metadata: new Map([["fleet.recipe_digest", "abc"]]),
    });

    await using before = await openGguf(base);
    await using after = await openGguf(path);
    expect(textOf(after.metadata, "fleet.recipe_digest")).toBe("abc");
    expect(textOf(after.metadata, "general.name")).toBe("tiny");
    for (const [name, tensor] of after.tensors) {
      const old = before.tensors.get(name);
      const expected =
        name === "blk.1.attn_q.weight" ? new Uint8Array(values.buffer) : old && (await before.readRows(old));
      expect(Buffer.compare(await after.readRows(tensor), expected ?? Buffer.alloc(0))).toBe(0);
    }
  });

  it("has matrices of the type that was asked for and float32 norms", async () => {
    await using folder = await openTemporaryFolder();
    const [base, path] = [folder.file("base.gguf"), folder.file("trained.gguf")];
    await writeTinyModel(base);

    await writeTrainedModel(path, { base, type: "Q8_0", weights: new Map(), metadata: new Map() });

    await using file = await openGguf(path);
    expect(file.tensors.get("blk.0.ffn_down.weight")?.type).toBe("Q8_0");
    expect(file.tensors.get("blk.0.ffn_norm.weight")?.type).toBe("F32");
    expect((await readModelInfo(path)).quantization).toBe("Q8_0");
  });

  it("is not written in a type that its rows do not fit, nor with weights of another size", async () => {
    await using folder = await openTemporaryFolder();
    const [base, path] = [folder.file("base.gguf"), folder.file("trained.gguf")];
    await writeTinyModel(base);
    const metadata = new Map<string, string>();

    await expect(
      writeTrainedModel(path, { base, type: "Q4_K", weights: new Map(), metadata }),
    ).rejects.toThrow("token_embd.weight cannot be stored as Q4_K: its rows of 64 are not a multiple of 256");
    await expect(
      writeTrainedModel(path, { base, type: "IQ2_XXS", weights: new Map(), metadata }),
    ).rejects.toThrow("without an importance matrix");
    await expect(
      writeTrainedModel(path, {
        base,
        type: "F32",
        weights: new Map([["output_norm.weight", new Float32Array(3)]]),
        metadata,
      }),
    ).rejects.toThrow("output_norm.weight has 64 elements, 3 were given");
  });
});

function byteOf(character: string): number {
  return character.charCodeAt(0) + 1;
}
