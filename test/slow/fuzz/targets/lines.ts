import { gzipSync, zstdCompressSync } from "node:zlib";
import { readReplies } from "../../../../cli/read-replies.ts";
import { checkDataset } from "../../../../coordinator/index.ts";
import { mutate } from "../mutate.ts";
import { below, type FuzzTarget, pickOf, type Random } from "../target.ts";

const INSTANCES = ["one", "two", "three"].map((id) => ({
  id,
  issue: "`f` is wrong: größer",
  files: { "a.py": "f = 1\n", "b/c.py": "" },
  oracle: { "a.py": "f = 2\n", "b/c.py": null },
  extra: [1, { deep: true }],
}));
const TEXT = Buffer.from(INSTANCES.map((instance) => `${JSON.stringify(instance)}\n`).join(""));
const REPLIES = Buffer.from(
  ["one", "one", "two"].map((id) => `${JSON.stringify({ id, reply: "<think>a</think>\0" })}\n`).join(""),
);

/** A line of 64 MiB is the longest that is kept: as bytes, as text, as what was parsed. */
const LONGEST_LINES_MIB = 320;

export const dataset: FuzzTarget = datasetAs("dataset", "d.jsonl", (bytes) => bytes);
export const datasetGz: FuzzTarget = datasetAs("dataset-gz", "d.jsonl.gz", (bytes) =>
  gzipSync(bytes, { level: 1 }),
);
export const datasetZst: FuzzTarget = datasetAs("dataset-zst", "d.jsonl.zst", zstdCompressSync);

export const replies: FuzzTarget = {
  name: "replies",
  samples: () => [REPLIES],
  lie: lyingLines,
  read: async (_, fileOf) => {
    const told: string[] = [];
    for await (const reply of readReplies(await fileOf("replies.jsonl"), { longestMebibytes: 1 })) {
      if ("reason" in reply) told.push(reply.reason);
    }
    return told.slice(0, 1_000);
  },
};

function datasetAs(name: string, file: string, pack: (bytes: Uint8Array) => Uint8Array): FuzzTarget {
  const isPacked = name !== "dataset";
  return {
    name,
    samples: () => [pack(TEXT)],
    lie: (random) =>
      pack(
        isPacked && random() < 0.05
          ? bomb(random)
          : isPacked && random() < 0.5
            ? mutate(random, [TEXT])
            : lyingLines(random),
      ),
    read: async (_, fileOf) => (await checkDataset(await fileOf(file))).badLines.map(({ reason }) => reason),
    ...(isPacked ? { allowanceMiB: LONGEST_LINES_MIB } : {}),
  };
}

/** Much of the same, which takes next to nothing when it is packed. */
function bomb(random: Random): Uint8Array {
  return Buffer.alloc(
    2 ** 26 + below(random, 2 ** 26),
    pickOf(random, [" ", "a", "{\n", "[", '{"id":1}\n', "\n"]),
  );
}

/** Lines that are many, long, deep, or strange. */
function lyingLines(random: Random): Uint8Array {
  const start = '{"id":"a","issue":"b","files":{},"oracle":{}';
  const many = 1 + below(random, 200_000);
  return Buffer.from(
    pickOf(random, [
      () => "{\n".repeat(many),
      () => "[".repeat(many),
      () => `${start},"x":${"[".repeat(many)}${"]".repeat(many)}}`,
      () => `${start},"x":${'{"a":'.repeat(many)}1${"}".repeat(many)}}`,
      () => `{"${"k".repeat(10 * many)}":1}`,
      () => `{"id":"${"i".repeat(many)}"}`,
      () => `{${Array.from({ length: many }, (_, i) => `"isue${i}":1`).join(",")}}`,
      () => `{"files":{${Array.from({ length: many }, (_, i) => `"${i}":1`).join(",")}}}`,
      () => `{"id":"\\u0000\\u001b[2J","issue":1,"fi\\nles":{"\\n":3},"oracle":"\x1b"}`,
      () => `{"__proto__":{"id":"a"},"constructor":1,"files":{"__proto__":"x"}}`,
      () => `${start}}\n`.repeat(1 + below(random, 5_000)),
      () => `\0${start}}\n\ufeff${start}}\n`,
      () => "\xff\xfe".repeat(many),
      () => `${"9".repeat(many)}\n-${"9".repeat(many)}`,
    ])(),
    "latin1",
  );
}
