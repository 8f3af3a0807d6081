import { readFile } from "node:fs/promises";
import { ByteWriter } from "../../../../llama/gguf/byte-writer.ts";
import {
  checkAdapterFits,
  decodeAdapter,
  encodeAdapter,
  type ModelInfo,
  openGguf,
  readModelInfo,
} from "../../../../llama/index.ts";
import { writeLlama3Model } from "../../../support/chat-models.ts";
import { openTemporaryFolder } from "../../../support/temporary-folder.ts";
import { tinyAdapter, writeTinyModel } from "../../../support/tiny-model.ts";
import { below, type FuzzTarget, pickOf, type Random } from "../target.ts";

/** A model's file, as every part reads it that is given one. */
export const model: FuzzTarget = {
  name: "model",
  samples: async () => (await madeModels()).files,
  lie: lyingGguf,
  read: async (_, fileOf) => {
    const path = await fileOf("model.gguf");
    await readModelInfo(path);
    await using file = await openGguf(path);
    for (const tensor of file.tensors.values()) await file.readRows(tensor, 0, 1);
    return [];
  },
};

/** An adapter, as a worker reads it before it gives it to its engine. */
export const adapter: FuzzTarget = {
  name: "adapter",
  samples: async () => [encodeAdapter(tinyAdapter((await madeModels()).info, { rank: 2 }))],
  lie: lyingGguf,
  read: async (input) => {
    checkAdapterFits(decodeAdapter(input), (await madeModels()).info);
    return [];
  },
};

let made: Promise<{ files: Buffer[]; info: ModelInfo }> | undefined;

function madeModels() {
  made ??= makeModels();
  return made;
}

async function makeModels() {
  await using folder = await openTemporaryFolder();
  const [tiny, chat] = [folder.file("tiny.gguf"), folder.file("chat.gguf")];
  const shape = { layers: 1, embedding: 8, heads: 2, kvHeads: 1, feedForward: 8, vocabulary: 257 };
  await writeTinyModel(tiny, shape);
  await writeLlama3Model(chat);
  return { files: [await readFile(tiny), await readFile(chat)], info: await readModelInfo(tiny) };
}

const MANY = 1 << 20;
const HUGE: readonly bigint[] = [
  0n,
  1n,
  3n,
  1n << 20n,
  1n << 24n,
  1n << 32n,
  1n << 53n,
  1n << 62n,
  (1n << 64n) - 1n,
];

/** A header whose counts, lengths, shapes and offsets say what the file does not hold, or hold far too much. */
function lyingGguf(random: Random): Uint8Array {
  const writer = new ByteWriter();
  writer.uint32(0x46554747);
  writer.uint32(3);
  const tensors = below(random, 3);
  const pairs = below(random, 4);
  bigint(writer, honest(random, BigInt(tensors)));
  bigint(writer, honest(random, BigInt(pairs)));
  for (let i = 0; i < pairs; i++) pickOf(random, PAIRS)(writer, random, i);
  for (let i = 0; i < tensors; i++) writeTensor(writer, random, i);
  return Uint8Array.from(writer.bytes());
}

function honest(random: Random, value: bigint): bigint {
  return random() < 0.7 ? value : pickOf(random, HUGE);
}

function bigint(writer: ByteWriter, value: bigint): void {
  writer.scalar("uint64", value);
}

const PAIRS: readonly ((writer: ByteWriter, random: Random, index: number) => void)[] = [
  function ordinary(writer, random, index) {
    writer.text(index === 0 ? "general.architecture" : `key.${index}`);
    writer.uint32(8);
    writer.text(pickOf(random, ["llama", "qwen2", "", "\x1b[31m", "x".repeat(100_000)]));
  },
  function longKey(writer, random) {
    writer.text(pickOf(random, ["k\n", "é", "\0"]).repeat(1 + below(random, 50_000)));
    writer.uint32(below(random, 14));
  },
  function lyingText(writer, random, index) {
    writer.text(`text.${index}`);
    writer.uint32(8);
    bigint(writer, pickOf(random, HUGE));
    writer.padTo(writer.length + below(random, MANY));
  },
  function wideText(writer, random, index) {
    writer.text(`wide.${index}`);
    writer.uint32(8);
    writer.text(`${"a".repeat(4 * MANY)}${pickOf(random, ["", "€"])}`);
  },
  function array(writer, random, index) {
    writer.text(pickOf(random, ["tokenizer.ggml.tokens", `array.${index}`]));
    writer.uint32(9);
    writer.uint32(below(random, 14));
    const count = below(random, 2) * MANY * below(random, 24);
    bigint(writer, honest(random, BigInt(count)));
    writer.padTo(writer.length + Math.min(count, 16 * MANY));
  },
  function manyPairs(writer, random) {
    for (let i = below(random, 300_000); i > 0; i--) {
      writer.text(`${i}`);
      writer.uint32(0);
      writer.padTo(writer.length + 1);
    }
  },
  function alignment(writer, random) {
    writer.text("general.alignment");
    writer.uint32(4);
    writer.uint32(pickOf(random, [0, 1, 3, 32, 1 << 30, 2 ** 31]));
  },
];

function writeTensor(writer: ByteWriter, random: Random, index: number): void {
  writer.text(pickOf(random, ["token_embd.weight", `blk.${index}.attn_q.weight.lora_a`, "\n".repeat(5_000)]));
  const axes = 1 + below(random, 5);
  writer.uint32(axes);
  for (let axis = 0; axis < axes; axis++) bigint(writer, pickOf(random, HUGE));
  writer.uint32(below(random, 44));
  bigint(writer, honest(random, 0n));
}
