import { Worker } from "node:worker_threads";
import koffi from "koffi";
import { expect, it } from "vitest";
import { createRandom } from "../../../core/index.ts";
import { createRowSampler, type RowThreadOrder } from "../../../llama/decoding/row-sampler.ts";
import { createRowTable } from "../../../llama/decoding/row-table.ts";
import { createSampler } from "../../../llama/decoding/sampler.ts";

const VOCABULARY = 32_768;
const ROWS = 40;
const ROUNDS = 150;
const DEADLINE_MS = 10_000;
const SETTINGS = [
  { temperature: 1, topK: 0, topP: 1, minP: 0 },
  { temperature: 0.7, topK: 50, topP: 0.9, minP: 0 },
  { temperature: 0, topK: 0, topP: 1, minP: 0 },
];
const next = createRandom("rows");
const logitsR = Array.from({ length: ROWS }, () =>
  Float32Array.from({ length: VOCABULARY }, () => 8 * next()),
);
(logitsR[7] as Float32Array)[5] = Number.NaN;
const alone = createSampler(VOCABULARY);

/** The first `count` rows, as they are asked for, and what one sampler chooses from them. */
function someRows(count: number) {
  const asked = logitsR.slice(0, count).map((logits) => ({
    logits,
    address: koffi.address(logits),
    settings: SETTINGS[Math.floor(next() * SETTINGS.length)] as (typeof SETTINGS)[number],
    uniform: next(),
  }));
  const expected = asked.map(({ logits, settings, uniform }) => alone.choose(logits, settings, uniform));
  return { asked, expected };
}

it("threads choose from a step's rows what one sampler chooses from each, whatever the number of rows", () => {
  const size = { rows: ROWS, vocabulary: VOCABULARY, threads: 3 };
  const together = createRowSampler(createSampler(VOCABULARY), size);

  for (let round = 0; round < ROUNDS; round++) {
    const { asked, expected } = someRows(1 + Math.floor(next() * ROWS));

    expect(together.choose(asked)).toEqual(expected);
  }
});

it("a thread answers every row of an offer by itself, and what nobody answers is given up", async () => {
  const table = createRowTable(ROWS);
  const { asked, expected } = someRows(ROWS);
  table.offer(asked);
  expect(table.finish(1)).toBe(false);

  const order: RowThreadOrder = { memory: table.memory, rows: ROWS, vocabulary: VOCABULARY };
  const entry = new URL("../../../llama/decoding/row-sampler-thread.ts", import.meta.url);
  const thread = new Worker(entry, { workerData: order });

  expect(table.finish(DEADLINE_MS)).toBe(true);
  expect(asked.map((_, index) => table.answer(index))).toEqual(expected);
  await thread.terminate();
});
