import { below, pickOf, type Random } from "./target.ts";

/** Largest input that mutations make. */
const MOST_BYTES = 4 << 20;

/** Numbers at which lengths, counts and offsets go wrong. */
const EDGES: readonly bigint[] = [
  ...[0n, 1n, 2n, 255n, 256n, 65_535n, 1n << 20n, (1n << 24n) + 1n, (1n << 31n) - 1n, 1n << 31n],
  ...[(1n << 32n) - 1n, 1n << 32n, (1n << 53n) - 1n, (1n << 53n) + 1n, 1n << 63n, (1n << 64n) - 1n],
];

/** Texts at which parsers go wrong. */
const TEXTS: readonly string[] = [
  ...["\0", "\n", "\r\n", "\x1b[2J", "\u{feff}", "\u202e", '"', "\\", "{", "}", "[", "]", "---\n", "\t"],
  ...[
    "1e999",
    "-0",
    "NaN",
    "9".repeat(400),
    "null",
    "true",
    "\\ud800",
    "\\u0000",
    "__proto__",
    "constructor",
  ],
  ...["*a", "&a ", "!!binary ", "{% ", "%}", "{{", "```", "### ", "@@ -1,9 +1,9 @@\n", "--- a\n+++ b\n"],
];

/** Changes a sample in one to four ways, among which parts of another sample. */
export function mutate(random: Random, samples: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = Buffer.from(pickOf(random, samples));
  for (let left = 1 + below(random, 4); left > 0; left--) {
    bytes = pickOf(random, MUTATIONS)(Buffer.from(bytes), random, samples);
    if (bytes.length > MOST_BYTES) bytes = bytes.subarray(0, MOST_BYTES);
  }
  return bytes;
}

type Mutation = (bytes: Buffer, random: Random, samples: readonly Uint8Array[]) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function truncate(bytes, random) {
    return bytes.subarray(0, below(random, bytes.length + 1));
  },
  function extend(bytes, random) {
    return Buffer.concat([bytes, Buffer.alloc(below(random, 4_096), below(random, 256))]);
  },
  function flip(bytes, random) {
    for (let left = 1 + below(random, 16); left > 0; left--) {
      const at = below(random, bytes.length || 1);
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
    }
    return bytes;
  },
  function overwriteNumber(bytes, random) {
    const size = pickOf(random, [1, 2, 4, 8]);
    if (bytes.length < size) return bytes;
    const at = below(random, Math.min(bytes.length, below(random, 2) ? 64 : bytes.length) - size + 1);
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(pickOf(random, EDGES));
    number.copy(bytes, Math.max(0, at), 0, size);
    return bytes;
  },
  function remove(bytes, random) {
    const at = below(random, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(random, 64))]);
  },
  function repeat(bytes, random) {
    const at = below(random, bytes.length + 1);
    const part = bytes.subarray(at, at + 1 + below(random, 64));
    const times = below(random, pickOf(random, [4, 64, 4_096]));
    return Buffer.concat([
      bytes.subarray(0, at),
      ...Array.from({ length: times }, () => part),
      bytes.subarray(at),
    ]);
  },
  function insertText(bytes, random) {
    const at = below(random, bytes.length + 1);
    const text = pickOf(random, TEXTS).repeat(pickOf(random, [1, 1, 1, 20, 2_000]));
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(text), bytes.subarray(at)]);
  },
  function insertBytes(bytes, random) {
    const at = below(random, bytes.length + 1);
    const noise = Buffer.from(Array.from({ length: 1 + below(random, 8) }, () => below(random, 256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  function splice(bytes, random, samples) {
    const other = pickOf(random, samples);
    return Buffer.concat([
      bytes.subarray(0, below(random, bytes.length + 1)),
      other.subarray(below(random, other.length + 1)),
    ]);
  },
];
