/**
 * Counter-based random numbers: the n-th draw of a key is a function of (key, n) and of nothing else, so a
 * completion that is continued by another worker draws what the first one would have drawn.
 *
 * The generator is Philox 2×32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011, table 2).
 *
 * @module
 */
import { createHash } from "node:crypto";

const MULTIPLIER = 0xd256d193;
const WEYL = 0x9e3779b9;
const ROUNDS = 10;

/** The key of a stream of draws: 64 bits. */
export interface RandomKey {
  readonly key: number;
  readonly stream: number;
}

/** Derives a key from a name, such as `<seed>/<task>/<sample index>`: the first 64 bits of its SHA-256. */
export function randomKey(name: string): RandomKey {
  const digest = createHash("sha256").update(name).digest();
  return { key: digest.readUInt32LE(0), stream: digest.readUInt32LE(4) };
}

/** Draw number `counter` (an integer from 0 below 2^32) of a key: uniform in [0, 1), 53 bits. */
export function uniformAt({ key, stream }: RandomKey, counter: number): number {
  let left = counter >>> 0;
  let right = stream >>> 0;
  let roundKey = key >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const product = BigInt(left) * BigInt(MULTIPLIER);
    const high = Number(product >> 32n);
    left = (high ^ roundKey ^ right) >>> 0;
    right = Number(product & 0xffffffffn);
    roundKey = (roundKey + WEYL) >>> 0;
  }
  return ((left >>> 5) * 67108864 + (right >>> 6)) / 9007199254740992;
}

/** A sequence of draws of one key, for code that wants many. */
export function createRandom(name: string): () => number {
  const key = randomKey(name);
  let counter = 0;
  return () => uniformAt(key, counter++);
}

/** A permutation of 0 … `count` − 1 that depends on `name` alone (Fisher–Yates). */
export function permutation(count: number, name: string): number[] {
  const next = createRandom(name);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
