import { type RolloutView, readArchive, type Summary } from "../../coordinator/index.ts";
import { readSummary } from "../read-summary.ts";
import type { RunFolder } from "../run-folder.ts";
import { heldOutTable } from "./held-out-table.ts";
import { ledgerTable } from "./ledger-table.ts";
import { change, decimal } from "./numbers.ts";
import { describeRollout } from "./rollout.ts";
import { sparkline } from "./sparkline.ts";

/** Steps at each end that the change of the training reward is taken over; fewer where the ends would overlap. */
const END_STEPS = 5;
/** Instances left out that are named; summary.json has all. */
const NAMED = 5;

/** What is said at the end of a run, and the summary it is made from. */
export interface RunReport {
  readonly summary: Summary;
  readonly text: string;
}

/**
 * Sums up a run from its folder: rewards, held-out change, one rollout in full, the books, where its files are.
 *
 * @returns null when the run has no summary yet
 */
export async function runReport(folder: RunFolder): Promise<RunReport | null> {
  const summary = await readSummary(folder);
  if (summary === null) return null;
  const parts = [
    trainingLine(summary),
    unusableLines(summary),
    heldOutTable(summary.heldOut),
    await exampleOf(folder, summary),
    ledgerTable(summary.ledger),
    `files: ${folder.path}\n  summary.json, archive/ (Parquet), checkpoints/, logs/\n  "fleet rollouts --run ${folder.id}" reads the rest`,
  ];
  return { summary, text: parts.filter((part) => part !== "").join("\n\n") };
}

function trainingLine({ steps }: Summary): string {
  if (steps.length === 0) return "no step was trained";
  const rewards = steps.map((step) => step.meanReward);
  if (rewards.length === 1) return `training reward of the only step: ${decimal(mean(rewards), 3)}`;
  const ends = Math.min(END_STEPS, Math.floor(rewards.length / 2));
  const first = mean(rewards.slice(0, ends));
  const last = mean(rewards.slice(-ends));
  return (
    `training reward over ${steps.length} steps: ${sparkline(rewards)}\n` +
    `  first ${ends}: ${decimal(first, 3)}   last ${ends}: ${decimal(last, 3)}   change: ${change(last - first, 3)}`
  );
}

/** The instances that were left out, by name. */
function unusableLines({ unusable }: Summary): string {
  const left = Object.entries(unusable);
  if (left.length === 0) return "";
  const named = left.slice(0, NAMED).map(([instance, reason]) => `  ${instance}: ${reason}`);
  const more = left.length > NAMED ? [`  and ${left.length - NAMED} more, in summary.json`] : [];
  return [`left out, since they cannot be used: ${left.length}`, ...named, ...more].join("\n");
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
