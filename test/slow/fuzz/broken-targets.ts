/**
 * Readers that fail on their second sample, each in a way that fuzzing has to find.
 *
 * @module
 */
import type { FuzzTarget } from "./target.ts";

export const targets: readonly FuzzTarget[] = [
  failing("throws", () => {
    throw new TypeError("it is broken");
  }),
  failing("talks", () => ["one\ntwo"]),
  failing("hoards", () => {
    Buffer.alloc(1 << 28, 1);
    return [];
  }),
  failing("hangs", () => {
    for (;;);
  }),
  failing("dies", () => process.exit(7)),
];

function failing(name: string, fail: () => readonly string[] | undefined): FuzzTarget {
  const samples = ["a", "bb", "ccc"].map((text) => Buffer.from(text));
  return {
    name,
    samples: () => samples,
    read: (input) => (Buffer.from(input).toString() === "bb" ? (fail() ?? []) : []),
  };
}
