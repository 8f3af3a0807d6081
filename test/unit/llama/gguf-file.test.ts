import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FleetError } from "../../../core/index.ts";
import { type MetadataValue, openGguf, type StreamedTensor, writeGguf } from "../../../llama/index.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";

describe("a GGUF", () => {
  it("is read as it was written: every kind of value, and tensors of any shape", async () => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("any.gguf");

    await fc.assert(
      fc.asyncProperty(metadata, tensors, async (pairs, described) => {
        const stored = described.map((tensor, index) => ({ ...tensor, name: `tensor ${index}` }));
        await writeGguf(path, pairs, stored.map(streamed));

        await using file = await openGguf(path);

        expect(file.metadata).toEqual(pairs);
        expect([...file.metadata.keys()]).toEqual([...pairs.keys()]);
        for (const { name, shape, data } of stored) {
          const found = file.tensors.get(name);
          expect(found).toMatchObject({ name, shape, type: "F32", bytes: data.length });
          expect(found && (await file.readRows(found))).toEqual(data);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("gives rows from the middle of a tensor", async () => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("rows.gguf");
    const data = Uint8Array.from({ length: 4 * 2 * 5 }, (_, i) => i);
    await writeGguf(path, new Map(), [streamed({ name: "matrix", shape: [2, 5], data })]);

    await using file = await openGguf(path);
    const matrix = file.tensors.get("matrix");

    expect(matrix && (await file.readRows(matrix, 1, 3))).toEqual(data.slice(8, 32));
  });

  it("leaves no temporary file when a tensor's bytes cannot be produced", async () => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("half.gguf");
    const broken = {
      ...streamed({ name: "a", shape: [1], data: new Uint8Array(4) }),
      chunks: () => {
        throw new Error("the disk is gone");
      },
    };

    await expect(writeGguf(path, new Map(), [broken])).rejects.toThrow("the disk is gone");

    expect(await readdir(dirname(path))).toEqual([]);
  });

  it("is refused in one sentence wherever it is cut short", async () => {
    await using folder = await openTemporaryFolder();
    const [whole, path] = [await sampleBytes(folder.file("whole.gguf")), folder.file("cut.gguf")];

    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readAll(path)).rejects.toThrow(/^[^\n]+(is truncated|is not a GGUF)[^\n]+$/);
    }
  });

  it("is read or refused, and nothing else, whichever bits of its header are flipped", async () => {
    await using folder = await openTemporaryFolder();
    const [whole, path] = [await sampleBytes(folder.file("whole.gguf")), folder.file("flipped.gguf")];
    const flips = fc.array(fc.nat(whole.length * 8 - 1), { minLength: 1, maxLength: 4 });

    await fc.assert(
      fc.asyncProperty(flips, async (bits) => {
        const damaged = Buffer.from(whole);
        for (const bit of bits) damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await writeFile(path, damaged);
        const before = process.memoryUsage().rss;

        const outcome = await readAll(path).catch((error: unknown) => error);

        expect(outcome === "read" || outcome instanceof FleetError).toBe(true);
        expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
      }),
      { numRuns: 500 },
    );
  });

  it("that is missing, a folder or another kind of file is refused by name", async () => {
    await using folder = await openTemporaryFolder();
    const text = folder.file("readme.gguf");
    await writeFile(text, "# a model");

    await expect(openGguf(folder.file("none.gguf"))).rejects.toThrow(
      `there is no file ${folder.file("none.gguf")}`,
    );
    await expect(openGguf(dirname(text))).rejects.toThrow(`${dirname(text)} is not a file`);
    await expect(openGguf(text)).rejects.toThrow(`${text} is not a GGUF file: it does not begin with "GGUF"`);
  });

  it("of another version or byte order is refused as such", async () => {
    await using folder = await openTemporaryFolder();
    const [whole, path] = [await sampleBytes(folder.file("whole.gguf")), folder.file("other.gguf")];
    const withVersion = async (version: number) => {
      const bytes = Buffer.from(whole);
      bytes.writeUInt32LE(version, 4);
      await writeFile(path, bytes);
    };

    await withVersion(1);
    await expect(openGguf(path)).rejects.toThrow("is GGUF version 1; versions 2 and 3 can be used");
    await withVersion(0x03000000);
    await expect(openGguf(path)).rejects.toThrow("is a big-endian GGUF");
  });
});

interface WholeTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

function streamed({ data, ...tensor }: WholeTensor): StreamedTensor {
  const middle = data.length >> 1;
  return { ...tensor, type: "F32", chunks: () => [data.subarray(0, middle), data.subarray(middle)] };
}

const integer = (
  kind: "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32",
  min: number,
  max: number,
) => fc.integer({ min, max }).map((value): MetadataValue => ({ kind, value }));

const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());

const scalar: fc.Arbitrary<MetadataValue> = fc.oneof(
  integer("uint8", 0, 0xff),
  integer("int8", -0x80, 0x7f),
  integer("uint16", 0, 0xffff),
  integer("int16", -0x8000, 0x7fff),
  integer("uint32", 0, 0xffffffff),
  integer("int32", -0x80000000, 0x7fffffff),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value): MetadataValue => ({ kind: "uint64", value })),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value): MetadataValue => ({ kind: "int64", value })),
  fc.float().map((value): MetadataValue => ({ kind: "float32", value })),
  fc.double().map((value): MetadataValue => ({ kind: "float64", value })),
  fc.boolean().map((value): MetadataValue => ({ kind: "bool", value })),
  text.map((value): MetadataValue => ({ kind: "string", value })),
);

const value = fc.oneof(
  scalar,
  fc.array(text).map((value): MetadataValue => ({ kind: "array", of: "string", value })),
  fc.array(fc.float()).map((value): MetadataValue => ({ kind: "array", of: "float32", value })),
);

const metadata = fc
  .array(
    fc.tuple(
      text.filter((key) => key !== "general.alignment"),
      value,
    ),
    { maxLength: 8 },
  )
  .map((pairs): ReadonlyMap<string, MetadataValue> => new Map(pairs));

const tensors = fc.array(
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      data: fc.uint8Array({
        minLength: 4 * shape.reduce((a, b) => a * b),
        maxLength: 4 * shape.reduce((a, b) => a * b),
      }),
    }),
  ),
  { maxLength: 4 },
);

async function sampleBytes(path: string): Promise<Buffer> {
  const pairs = new Map<string, MetadataValue>([
    ["general.architecture", { kind: "string", value: "llama" }],
    ["llama.block_count", { kind: "uint32", value: 2 }],
    ["tokens", { kind: "array", of: "string", value: ["a", "ö", ""] }],
    ["scores", { kind: "array", of: "float32", value: [1, 2] }],
  ]);
  const stored = ["a", "b"].map((name) => ({ name, shape: [3, 2], data: new Uint8Array(24).fill(7) }));
  await writeGguf(path, pairs, stored.map(streamed));
  const bytes = await readFile(path);
  return bytes.subarray(0, bytes.length - 8); // Without the padding after the last tensor, which nobody needs.
}

async function readAll(path: string): Promise<"read"> {
  await using file = await openGguf(path);
  for (const tensor of file.tensors.values()) await file.readRows(tensor);
  return "read";
}
