/**
 * Rows of attention in blocks that one matrix product computes: rows of similar size together, padded to the largest,
 * long ones cut by queries. In a block all queries follow equally many keys, so that one number says who sees whom.
 *
 * @module
 */
import { MicroBatchError } from "./micro-batch.ts";
import type { AttentionRow, Packing } from "./packing.ts";

/** A block of B rows, each with Q queries over K keys. Padded queries and keys stand for a dead token. */
export interface Tile {
  readonly B: number;
  readonly Q: number;
  readonly K: number;
  /** Packed token of each query, [B, Q]. */
  readonly queriesBQ: Int32Array;
  /** Packed token of each key, [B, K]. */
  readonly keysBK: Int32Array;
  /** Keys that every query sees; query q sees `before` + q + 1 of its row. */
  readonly before: number;
  /** Where its (row, query) pairs begin among those of all tiles. */
  readonly firstSlot: number;
}

/** All tiles of a packing. */
export interface Tiles {
  readonly tiles: readonly Tile[];
  /** How many (row, query) pairs all tiles have, padded ones included. */
  readonly slots: number;
}

/** Queries of a part, at least. Parts spare the products with keys that the mask hides anyway. */
const LEAST_PART = 64;
/**
 * Parts that a long row is cut into, at least. A row after a long prompt is not: nearly all its keys are seen by all
 * its queries, and each part fetches the prompt's keys again.
 */
const PARTS = 8;
/** Padding may make a tile's work this much larger than what the row needs. */
const MOST_WASTE = 1.5;
const QUERY_STEP = 16;
const KEY_STEP = 32;
/** Keys that all tiles may name: texts of about 65,000 tokens. */
const MOST_KEYS = 2 ** 27;

/**
 * Cuts a packing's attention into tiles.
 *
 * @param most - query–key pairs of a tile; fewer queries than a step are not cut
 * @throws {MicroBatchError} when texts are so long that naming the keys of all tiles takes too much memory
 */
export function tileAttention({ rows, tokensN }: Packing, most: number): Tiles {
  const named = rows.reduce((sum, row) => sum + keysNamed(row, most), 0);
  if (named > MOST_KEYS) {
    const longest = Math.max(...rows.map(({ keys }) => keys.length));
    throw new MicroBatchError(
      `the longest text has ${longest.toLocaleString("en")} tokens, and gradients of texts above some 65,000 are more than this engine can hold`,
    );
  }
  const dead = tokensN.length - 1;
  const groups = groupRows(rows.flatMap((row) => cutRow(row, most)).sort(bySize), most);
  let slots = 0;
  const tiles = groups.map((group) => {
    const tile = buildTile(group, dead, slots);
    slots += tile.B * tile.Q;
    return tile;
  });
  return { tiles, slots };
}

/** By all parts of a row together. */
function keysNamed(row: AttentionRow, mostPairs: number): number {
  const parts = row.queries.length / queriesOf(row, mostPairs);
  return parts * (keysBefore(row) + row.queries.length / 2);
}

/** Queries of each part that a row is cut into. */
function queriesOf(row: AttentionRow, mostPairs: number): number {
  const { queries, keys } = row;
  const wanted = Math.max(LEAST_PART, step(Math.max(queries.length, keysBefore(row)) / PARTS, QUERY_STEP));
  const fitting = Math.floor(mostPairs / keys.length / QUERY_STEP) * QUERY_STEP; // What a tile would be padded to.
  return Math.max(QUERY_STEP, Math.min(wanted, fitting));
}

function cutRow(row: AttentionRow, mostPairs: number): AttentionRow[] {
  const { queries, keys } = row;
  const before = keysBefore(row);
  const most = queriesOf(row, mostPairs);
  const parts: AttentionRow[] = [];
  for (let first = 0; first < queries.length; first += most) {
    const part = queries.slice(first, first + most);
    parts.push({ queries: part, keys: keys.slice(0, before + first + part.length) });
  }
  return parts;
}

function keysBefore({ queries, keys }: AttentionRow): number {
  return keys.length - queries.length;
}

function bySize(a: AttentionRow, b: AttentionRow): number {
  return (
    keysBefore(b) - keysBefore(a) || b.keys.length - a.keys.length || b.queries.length - a.queries.length
  );
}

function groupRows(sorted: readonly AttentionRow[], most: number): AttentionRow[][] {
  const groups: AttentionRow[][] = [];
  for (const row of sorted) {
    const group = groups.at(-1);
    if (group !== undefined && fits(group, row, most)) group.push(row);
    else groups.push([row]);
  }
  return groups;
}

function fits(group: readonly AttentionRow[], row: AttentionRow, most: number): boolean {
  const all = [...group, row];
  const [Q, K] = sizeOf(all);
  const [first] = group;
  if (first !== undefined && keysBefore(first) !== keysBefore(row)) return false;
  const wasteful = all.some(({ queries, keys }) => Q * K > MOST_WASTE * padded(queries.length, keys.length));
  return !wasteful && all.length * Q * K <= most;
}

function sizeOf(rows: readonly AttentionRow[]): [number, number] {
  const queries = Math.max(...rows.map((row) => row.queries.length));
  const keys = Math.max(...rows.map((row) => row.keys.length));
  return [step(queries, QUERY_STEP), step(keys, KEY_STEP)];
}

function padded(queries: number, keys: number): number {
  return step(queries, QUERY_STEP) * step(keys, KEY_STEP);
}

function step(count: number, size: number): number {
  return Math.ceil(count / size) * size;
}

function buildTile(rows: readonly AttentionRow[], dead: number, firstSlot: number): Tile {
  const B = rows.length;
  const [Q, K] = sizeOf(rows);
  const queriesBQ = new Int32Array(B * Q).fill(dead);
  const keysBK = new Int32Array(B * K).fill(dead);
  for (const [b, { queries, keys }] of rows.entries()) {
    queriesBQ.set(queries, b * Q);
    keysBK.set(keys, b * K);
  }
  return { B, Q, K, queriesBQ, keysBK, before: Math.max(...rows.map(keysBefore)), firstSlot };
}
