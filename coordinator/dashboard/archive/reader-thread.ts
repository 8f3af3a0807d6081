/**
 * The thread that answers questions about the archive, and ends with the dashboard: neither DuckDB nor the making of
 * large answers holds up a call of the coordinator.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { openDuckDb } from "../../archive/parquet.ts";
import { createIndexTables, type IndexTables } from "./index-tables.ts";
import { listInstances } from "./list-instances.ts";
import { listFacets, listReasons, listRollouts } from "./list-rollouts.ts";
import { readRollout } from "./read-rollout.ts";
import type { ReaderAnswer, ReaderQuestion, ReaderStart } from "./reader.ts";
import { searchTexts } from "./search-texts.ts";

/** Of files that may be gone soon nothing is kept; the system caches what is read again. */
const UNCACHED = { enable_external_file_cache: "false" };

const { folder } = workerData as ReaderStart;
const tables = openTables();
/** One question at a time, in the order in which they came. */
let before: Promise<unknown> = Promise.resolve();

parentPort?.on("message", (question: ReaderQuestion) => {
  before = before.then(async () => {
    parentPort?.postMessage(await answer(question));
  });
});

async function openTables(): Promise<IndexTables> {
  const instance = await openDuckDb(UNCACHED);
  return createIndexTables(await instance.connect(), folder);
}

async function answer(question: ReaderQuestion): Promise<ReaderAnswer> {
  try {
    return { id: question.id, value: await carryOut(question, await tables) };
  } catch (error) {
    return { id: question.id, failure: error instanceof Error ? error.message : String(error) };
  }
}

async function carryOut({ ask }: ReaderQuestion, index: IndexTables): Promise<unknown> {
  switch (ask.kind) {
    case "refresh":
      return index.refresh(ask.fresh);
    case "list":
      return ask.filter.text === undefined
        ? listRollouts(index, ask.filter)
        : searchTexts(index, ask.filter, ask.filter.text);
    case "facets":
      return listFacets(index);
    case "reasons":
      return listReasons(index);
    case "rollout":
      return readRollout(index, ask.sequence);
    case "instances":
      return listInstances(index, ask.filter);
  }
}
