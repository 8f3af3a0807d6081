import { describe, expect, it } from "vitest";
import { loadModel } from "../../llama/decoding/load-model.ts";
import { createTokenizer } from "../../llama/decoding/tokenizer.ts";
import type { MetadataValue } from "../../llama/index.ts";
import { openGguf, readTokenTexts } from "../../llama/index.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const DEMO = "examples/demo/model/demo-q8_0.gguf";

/** Each token's bytes by the file alone, and by llama.cpp; in hex. */
async function bothWays(gguf: string): Promise<{ ours: string[]; theirs: string[] }> {
  await using file = await openGguf(gguf);
  const texts = readTokenTexts(file) ?? [];
  const tokenizer = createTokenizer(loadModel(gguf, "cpu"));
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  return {
    ours: texts.map((token) => ("special" in token ? "" : hex(token.bytes))),
    theirs: texts.map((_, id) => hex(tokenizer.bytesOf(id))),
  };
}

describe("the texts of a vocabulary's tokens", () => {
  it("are llama.cpp's, for every token of the demo's model", async () => {
    const { ours, theirs } = await bothWays(DEMO);

    expect(ours.length).toBeGreaterThan(256);
    expect(ours).toEqual(theirs);
  });

  it("are llama.cpp's, for a vocabulary of bytes", async () => {
    await using folder = await openTemporaryFolder();
    await writeTinyModel(folder.file("tiny.gguf"));

    const { ours, theirs } = await bothWays(folder.file("tiny.gguf"));

    expect(ours).toEqual(theirs);
    expect(new Set(ours).size).toBeGreaterThan(256);
  });

  it("are read from a SentencePiece vocabulary, where a space is U+2581 and a byte is spelt", () => {
    const metadata = new Map<string, MetadataValue>([
      ["tokenizer.ggml.model", { kind: "string", value: "llama" }],
      ["tokenizer.ggml.tokens", { kind: "array", of: "string", value: ["<s>", "<0x0A>", "▁the", "<0x41>"] }],
      ["tokenizer.ggml.token_type", { kind: "array", of: "int32", value: [3, 6, 1, 1] }],
    ]);

    expect(readTokenTexts({ metadata })).toEqual([
      { special: "<s>" },
      { bytes: Uint8Array.of(10) },
      { bytes: Buffer.from(" the") },
      { bytes: Buffer.from("<0x41>") },
    ]);
  });

  it("are not known for a vocabulary of another kind", () => {
    const metadata = new Map<string, MetadataValue>([
      ["tokenizer.ggml.model", { kind: "string", value: "bert" }],
      ["tokenizer.ggml.tokens", { kind: "array", of: "string", value: ["a"] }],
    ]);

    expect(readTokenTexts({ metadata })).toBeNull();
  });
});
