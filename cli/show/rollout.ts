import type { RolloutView } from "../../coordinator/index.ts";
import type { Explanation } from "../../rewards/index.ts";
import { componentTable } from "./components.ts";
import { decimal } from "./numbers.ts";

/** A rollout in full: issue, reply, reward and why, the predicted change and the true one. */
export function describeRollout(rollout: RolloutView): string {
  const { components } = rollout;
  const explanation = readExplanation(rollout);
  const where = `${rollout.lane}, ${rollout.step === null ? "no step yet" : `step ${rollout.step}`}`;
  return [
    `── ${rollout.instance} (${where}, task ${rollout.task}, sample ${rollout.sample}, T ${rollout.temperature}, ${rollout.worker})`,
    section("issue", rollout.issue),
    section("reply", rollout.text),
    section("reward", `${decimal(rollout.reward, 4)}${reasonOf(rollout)}`),
    ...(components.length > 1 ? [section("components", componentTable(components, explanation?.notes))] : []),
    ...changesOf(explanation),
  ].join("\n\n");
}

function reasonOf(rollout: RolloutView): string {
  const mistake = readExplanation(rollout)?.mistake;
  if (mistake) {
    return `: ${rollout.errorClass}, ${mistake.message} (line ${mistake.line}: ${mistake.text.trim().split("\n")[0]})`;
  }
  return rollout.exact ? ": the true change" : ": similarity to the true change, mean over the files of both";
}

function changesOf(explanation: Explanation | null): string[] {
  return (explanation?.files ?? []).map((file) =>
    [
      section(
        `${file.path}: predicted change, similarity ${file.similarity.toFixed(4)}`,
        file.predicted || "none",
      ),
      section(`${file.path}: true change`, file.oracle || "none"),
    ].join("\n\n"),
  );
}

function readExplanation(rollout: RolloutView): Explanation | null {
  return rollout.explanationJson === "" ? null : (JSON.parse(rollout.explanationJson) as Explanation);
}

function section(title: string, body: string): string {
  const lines = body.trimEnd().split("\n");
  return [`${title}:`, ...lines.map((line) => `  │ ${line}`)].join("\n");
}
