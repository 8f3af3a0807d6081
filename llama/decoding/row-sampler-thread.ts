/**
 * Entry of the threads that choose tokens beside the one that decodes.
 *
 * @module
 */
import { workerData } from "node:worker_threads";
import { logitsAt } from "./logits-at.ts";
import type { RowThreadOrder } from "./row-sampler.ts";
import { openRowTable } from "./row-table.ts";
import { createSampler } from "./sampler.ts";

const { memory, rows, vocabulary }: RowThreadOrder = workerData;
const table = openRowTable(memory, rows);
const sampler = createSampler(vocabulary);
for (let seen = 0; ; ) {
  table.work((address, settings, uniform) =>
    sampler.choose(logitsAt(address, vocabulary), settings, uniform),
  );
  seen = table.sleep(seen);
}
