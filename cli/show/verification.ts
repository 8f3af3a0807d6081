import type { Verification } from "../../coordinator/index.ts";

/** Discrepancies that are printed. */
const MOST = 20;

/** What was compared, and whether it agrees. */
export function describeVerification(found: Verification): string {
  const { discrepancies } = found;
  const left = discrepancies.length - MOST;
  return [
    `ledger    ${counted(found.events, "event")} in ${counted(found.messages, "message")}, at step ${found.step}; state ${found.state}`,
    `training  ${counted(found.batches, "batch", "batches")} of whole groups within the staleness bound, ${counted(found.trainedSamples, "sample")} trained, ${counted(found.policies, "policy version")}`,
    `archive   ${counted(found.archivedRollouts, "rollout")} and ${counted(found.archivedOutcomes, "outcome")} in ${counted(found.archivedFiles, "file")}`,
    `stored    ${counted(found.storedRollouts, "rollout")} in ROLLOUTS that the archive does not have yet`,
    ...(found.isLive ? ["live      books, step and phase of the running coordinator"] : []),
    ...discrepancies.slice(0, MOST),
    ...(left > 0 ? [`and ${left} more`] : []),
    discrepancies.length === 0
      ? "the archive and the ledger agree"
      : `THE LEDGER AND WHAT IS KEPT BESIDE IT DO NOT AGREE: ${counted(discrepancies.length, "discrepancy", "discrepancies")}`,
  ].join("\n");
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
