/**
 * `make bench`: measures every row, prints it, and writes `bench/results.json`; `make bench-peers` those beside what PyPI has.
 * `node bench/main.ts NAME …` measures only the named families and keeps the other rows of the file.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { countBuffersWithHeap } from "../core/index.ts";
import { type Machine, thisMachine } from "./machine.ts";
import { type Bench, type JudgedRow, judge } from "./row.ts";
import { busBench } from "./rows/bus.ts";
import { dashboardBench } from "./rows/dashboard.ts";
import { decodingBench } from "./rows/decoding.ts";
import { engineStartBench } from "./rows/engine-start.ts";
import { gradientBench } from "./rows/gradient.ts";
import { gradientMemoryBench } from "./rows/gradient-memory.ts";
import { kernelsBench } from "./rows/kernels.ts";
import { ledgerBench } from "./rows/ledger.ts";
import { mixedLoadBench } from "./rows/mixed-load.ts";
import { nodeLlamaCppBench } from "./rows/node-llama-cpp.ts";
import { parallelBench } from "./rows/parallel.ts";
import { policyUpdateBench } from "./rows/policy-update.ts";
import { prefillGenerationBench } from "./rows/prefill-generation.ts";
import { pytorchBench } from "./rows/pytorch.ts";
import { repeatableBench } from "./rows/repeatable.ts";
import { restartBench } from "./rows/restart.ts";
import { rewardBench } from "./rows/reward.ts";
import { samplingBench } from "./rows/sampling.ts";
import { samplingPassBench } from "./rows/sampling-pass.ts";
import { servingBench } from "./rows/serving.ts";
import { sharedPromptBench } from "./rows/shared-prompt.ts";
import { telemetryCostBench } from "./rows/telemetry-cost.ts";
import { trlBench } from "./rows/trl.ts";

const BENCHES: readonly Bench[] = [
  rewardBench,
  ledgerBench,
  kernelsBench,
  decodingBench,
  samplingPassBench,
  samplingBench,
  nodeLlamaCppBench,
  mixedLoadBench,
  prefillGenerationBench,
  repeatableBench,
  policyUpdateBench,
  engineStartBench,
  gradientBench,
  sharedPromptBench,
  parallelBench,
  gradientMemoryBench,
  servingBench,
  restartBench,
  busBench,
  dashboardBench,
  telemetryCostBench,
];
/** They need packages of PyPI. */
const PEERS: readonly Bench[] = [pytorchBench, trlBench];
const RESULTS = fileURLToPath(new URL("results.json", import.meta.url));

/** A row, and what it was measured on. */
type WrittenRow = JudgedRow & { readonly machine: Machine };

const names = process.argv.slice(2);
const chosen =
  names.length === 0 ? BENCHES : [...BENCHES, ...PEERS].filter(({ name }) => names.includes(name));
countBuffersWithHeap(); // As every process of a run does.
const machine = thisMachine();
const measured: WrittenRow[] = [];
for (const bench of chosen) {
  for (const row of (await bench.measure()).map(judge)) {
    measured.push({ ...row, machine });
    process.stdout.write(`${describe(row)}\n`);
  }
}
const kept = (await rowsOfFile()).filter(({ id }) => names.length > 0 || isPeerRow(id));
const replaced = new Set(measured.map(({ id }) => id));
const rows = [...kept.filter(({ id }) => !replaced.has(id)), ...measured];
await writeFile(RESULTS, `${JSON.stringify({ rows }, null, 2)}\n`);
if (measured.some(({ holds }) => !holds)) process.exitCode = 1;

function isPeerRow(id: string): boolean {
  return PEERS.some(({ name }) => id.startsWith(name));
}

async function rowsOfFile(): Promise<readonly WrittenRow[]> {
  const text = await readFile(RESULTS, "utf8").catch(() => null);
  return text === null ? [] : JSON.parse(text).rows;
}

function describe(row: JudgedRow): string {
  const value = row.value.toLocaleString("en", { maximumSignificantDigits: 3 });
  const bound =
    row.atLeast !== undefined
      ? `at least ${row.atLeast}`
      : row.atMost !== undefined
        ? `at most ${row.atMost}`
        : "reported";
  return `${row.holds ? "  " : "✗ "}${row.id}: ${value} ${row.unit} (${bound}): ${row.what}`;
}
