import type { StatusAnswer } from "../../proto/index.ts";
import { duration } from "./duration.ts";
import { decimal, percent } from "./numbers.ts";
import { sparkline } from "./sparkline.ts";

/** Steps that the sparkline shows. */
const SHOWN = 16;

/**
 * A run's progress in one line: step, mean reward with the last values, share of well-formed replies, tokens/s,
 * staleness, time left.
 */
export function progressLine(status: StatusAnswer): string {
  const last = status.recent.at(-1);
  const parts = [`step ${status.step}/${status.steps}`];
  if (last !== undefined) {
    const rewards = status.recent.slice(-SHOWN).map((step) => step.meanReward);
    parts.push(
      `reward ${decimal(last.meanReward, 2)} ${sparkline(rewards)}`,
      `well-formed ${percent(last.formatRate, 0)}`,
      `exact ${percent(last.exactRate, 0)}`,
    );
  }
  parts.push(`${Math.round(status.tokensPerSecond)} tok/s`);
  if (last !== undefined) parts.push(`stale ${decimal(last.staleness, 1)}`);
  const left = secondsLeft(status);
  if (left !== null) parts.push(`${duration(left)} left`);
  if (status.state !== "running") parts.push(status.state);
  if (status.waitingFor !== "") parts.push(`waiting for ${status.waitingFor}`);
  return parts.join("  ");
}

/**
 * Steps left times the median of the last ones; null when none is being made, and before the second, since the first
 * has the evaluation before it in its time.
 */
function secondsLeft(status: StatusAnswer): number | null {
  const seconds = status.recent
    .slice(-8)
    .filter(({ step }) => step > 1)
    .map((step) => step.seconds);
  const isTraining = status.state === "running" && status.step < status.steps;
  if (seconds.length === 0 || !isTraining) return null;
  const median = seconds.sort((a, b) => a - b)[Math.floor((seconds.length - 1) / 2)] ?? 0;
  return median * (status.steps - status.step);
}
