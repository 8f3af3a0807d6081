import type { RetrainedStep } from "../../updater/index.ts";

/** One step of a retraining, as a line. */
export function describeRetrained({ step, kind, adapter, found, skipped, agrees }: RetrainedStep): string {
  if (agrees) {
    const how =
      kind === "trained" ? "" : kind === "skipped" ? ` (skipped: ${skipped})` : " (an older policy again)";
    return `step ${step}  ${policy(adapter)}  found again${how}`;
  }
  const ours = skipped === "" ? policy(found) : `no new policy (${skipped})`;
  const theirs = kind === "skipped" ? "no new policy" : policy(adapter);
  return `step ${step}  ${theirs} in the ledger, ${ours} by training its batch again`;
}

/** What became of all of them. */
export function retrainingVerdict(steps: readonly RetrainedStep[]): string {
  const wrong = steps.find(({ agrees }) => !agrees);
  if (wrong !== undefined) return `THE DIGEST OF STEP ${wrong.step} WAS NOT FOUND AGAIN`;
  return steps.length === 0 ? "no step is over yet" : "every version's digest was found again";
}

function policy(adapter: string): string {
  return adapter === "" ? "the base" : adapter;
}
