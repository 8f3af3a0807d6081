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

/** Steps left times the mean of the last ones; null before the first, and when none is being made. */
function secondsLeft(status: StatusAnswer): number | null {
  const recent = status.recent.slice(-8);
  const isTraining = status.state === "running" && status.step < status.steps;
  if (recent.length === 0 || !isTraining) return null;
  const mean = recent.reduce((sum, step) => sum + step.seconds, 0) / recent.length;
  return mean * (status.steps - status.step);
}
