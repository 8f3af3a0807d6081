import { readFile } from "node:fs/promises";
import {
  type HeldOut,
  type HeldOutChange,
  type Interval,
  type RolloutView,
  readArchive,
  type Summary,
} from "../../coordinator/index.ts";
import type { LaneBalance } from "../../proto/index.ts";
import { type RunFolder, RunFolderError } from "../run-folder.ts";
import { ledgerTable } from "./ledger-table.ts";
import { describeRollout } from "./rollout.ts";
import { sparkline } from "./sparkline.ts";
import { table } from "./table.ts";

/** Steps at each end that the change of the training reward is taken over. */
const END_STEPS = 5;

/** What is said at the end of a run, and the summary it is made from. */
export interface RunReport {
  readonly summary: Summary;
  readonly text: string;
}

/** Sums up a run from its folder: rewards, held-out change, one rollout in full, the books, where its files are. */
export async function runReport(folder: RunFolder): Promise<RunReport> {
  const summary = await readSummary(folder);
  const parts = [
    trainingLine(summary),
    heldOutTable(summary.heldOut),
    await exampleOf(folder, summary),
    ledgerTable(summary.ledger as LaneBalance[]),
    `files: ${folder.path}\n  summary.json, archive/ (Parquet), checkpoints/, logs/\n  "fleet rollouts --run ${folder.id}" reads the rest`,
  ];
  return { summary, text: parts.filter((part) => part !== "").join("\n\n") };
}

async function readSummary(folder: RunFolder): Promise<Summary> {
  const text = await readFile(folder.summary, "utf8").catch((cause: unknown) => {
    throw new RunFolderError(`the run ${folder.id} has no summary yet: ${folder.summary} is missing`, {
      cause,
    });
  });
  return JSON.parse(text) as Summary;
}

function trainingLine({ steps }: Summary): string {
  if (steps.length === 0) return "no step was trained";
  const rewards = steps.map((step) => step.meanReward);
  const first = mean(rewards.slice(0, END_STEPS));
  const last = mean(rewards.slice(-END_STEPS));
  return (
    `training reward over ${steps.length} steps: ${sparkline(rewards)}\n` +
    `  first ${END_STEPS}: ${first.toFixed(3)}   last ${END_STEPS}: ${last.toFixed(3)}   change: ${signed(last - first)}`
  );
}

function heldOutTable({ before, after, change }: HeldOut): string {
  if (change.length === 0) return "";
  const rows = change.map((entry) => {
    const at = (scores: HeldOut["before"]) =>
      scores.find(({ temperature }) => temperature === entry.temperature);
    const [first, last] = [at(before), at(after)];
    return [
      entry.temperature === 0 ? "greedy" : `T = ${entry.temperature}`,
      String(entry.pairs),
      fromTo(first?.reward, last?.reward, (value) => value.toFixed(3)),
      intervalOf(entry.reward),
      fromTo(first?.formatRate, last?.formatRate, percent),
      fromTo(first?.exactRate, last?.exactRate, percent),
      repairInterval(entry),
    ];
  });
  const header = ["held-out", "tasks", "reward", "change, 95 %", "well-formed", "repaired", "change, 95 %"];
  return table(header, rows);
}

function repairInterval({ exactRate }: HeldOutChange): string {
  return `${percent(exactRate.mean)} [${percent(exactRate.low)}, ${percent(exactRate.high)}]`;
}

function intervalOf({ mean: middle, low, high }: Interval): string {
  return `${signed(middle)} [${signed(low)}, ${signed(high)}]`;
}

function fromTo(
  first: number | undefined,
  last: number | undefined,
  show: (value: number) => string,
): string {
  return `${first === undefined ? "?" : show(first)} → ${last === undefined ? "?" : show(last)}`;
}

/** The longest of the newest evaluation's best rollouts, else of the training's. */
async function exampleOf(folder: RunFolder, { heldOut }: Summary): Promise<string> {
  const version = heldOut.after[0]?.version;
  const evaluated =
    version === undefined
      ? []
      : await readArchive(folder.archive, { lane: "eval", step: version, sort: "reward", atMost: 20 });
  const trained = await readArchive(folder.archive, { lane: "train", sort: "reward", atMost: 20 });
  const example = longest(evaluated) ?? longest(trained);
  return example === undefined ? "" : describeRollout(example);
}

function longest(rollouts: readonly RolloutView[]): RolloutView | undefined {
  const best = rollouts.filter((rollout) => rollout.reward === rollouts[0]?.reward);
  return best.sort((a, b) => b.tokens - a.tokens)[0];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
