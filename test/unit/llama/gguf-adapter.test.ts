import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Adapter,
  checkAdapterFits,
  decodeAdapter,
  encodeAdapter,
  type ModelInfo,
  readModelInfo,
} from "../../../llama/index.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";
import { tinyAdapter, writeTinyModel } from "../../support/tiny-model.ts";

describe("an adapter", () => {
  it("is decoded as it was encoded, at any offset in memory", async () => {
    const model = await tinyInfo();

    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        fc.nat(7),
        async (rank, alpha, shift) => {
          const adapter = tinyAdapter(model, { rank, alpha });

          const bytes = encodeAdapter(adapter);
          const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
          shifted.set(bytes);

          expect(decodeAdapter(shifted)).toEqual(adapter);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("is the same bytes whenever it is encoded", async () => {
    const adapter = tinyAdapter(await tinyInfo());

    expect(encodeAdapter(adapter)).toEqual(encodeAdapter(adapter));
  });

  it("of another base is refused in one sentence", async () => {
    const model = await tinyInfo();
    const adapter = { ...tinyAdapter(model), base: "f00d" };

    expect(() => checkAdapterFits(adapter, model)).toThrow(
      `the adapter belongs to the base f00d, the model here is ${model.digest}`,
    );
    expect(() => checkAdapterFits({ ...adapter, base: "" }, model)).toThrow("(none is named)");
  });

  it("fits the model that it was made for, and none of another shape", async () => {
    const model = await tinyInfo();
    const adapter = tinyAdapter(model);

    expect(() => checkAdapterFits(adapter, model)).not.toThrow();
    expect(() => checkAdapterFits(adapter, { ...model, layers: 1 })).toThrow(
      "changes blk.1.attn_q.weight as a matrix of 64 × 64, which the model does not have",
    );
    expect(() => checkAdapterFits(adapter, { ...model, feedForward: 80 })).toThrow(
      "changes blk.0.ffn_gate.weight as a matrix of 96 × 64, which the model does not have",
    );
  });

  it("with a matrix missing is refused by its name", async () => {
    const adapter = tinyAdapter(await tinyInfo());
    const without = (index: number): Adapter => ({
      ...adapter,
      tensors: adapter.tensors.toSpliced(index, 1),
    });

    expect(() => decodeAdapter(encodeAdapter(without(1)))).toThrow(
      "has no matrix lora_b that fits blk.0.attn_q.weight.lora_a [4 × 64]",
    );
    expect(() => decodeAdapter(encodeAdapter(without(0)))).toThrow("27 matrices, 13 pairs");
  });

  it("that is cut short or no adapter is refused in one sentence", async () => {
    const bytes = encodeAdapter(tinyAdapter(await tinyInfo()));

    expect(() => decodeAdapter(bytes.subarray(0, -200), "adapter.gguf")).toThrow("adapter.gguf is truncated");
    expect(() => decodeAdapter(Buffer.from("{}"))).toThrow("the adapter is not a GGUF file");
  });
});

let info: Promise<ModelInfo> | undefined;

function tinyInfo(): Promise<ModelInfo> {
  info ??= (async () => {
    await using folder = await openTemporaryFolder();
    await writeTinyModel(folder.file("tiny.gguf"));
    return await readModelInfo(folder.file("tiny.gguf"));
  })();
  return info;
}
