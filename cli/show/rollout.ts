import type { RolloutView } from "../../coordinator/index.ts";
import type { Explanation } from "../../rewards/index.ts";
import { componentTable } from "./components.ts";
import { decimal } from "./numbers.ts";
import { plain } from "./paint.ts";
import { sideBySide, type View } from "./side-by-side.ts";
import { toneOf } from "./verdict.ts";
import { visible } from "./visible.ts";

/**
 * A rollout in full: issue, reply, reward and why, the predicted change and the true one; side by side where a view is
 * given. What would act on a terminal is spelt out.
 */
export function describeRollout(rollout: RolloutView, view?: View): string {
  const { components } = rollout;
  const paint = view?.paint ?? plain;
  const explanation = readExplanation(rollout);
  const where = `${rollout.lane}, ${rollout.step === null ? "no step yet" : `step ${rollout.step}`}`;
  const about = `${where}, task ${rollout.task}, sample ${rollout.sample}, T ${rollout.temperature}, ${rollout.worker}`;
  const reward = `${decimal(rollout.reward, 4)}${reasonOf(rollout)}`;
  return [
    paint("title", visible(`── ${rollout.instance} (${about})`)),
    section("issue", rollout.issue),
    section("reply", rollout.text),
    section("reward", reward, (line) => paint(toneOf(rollout.reward), line)),
    ...(components.length > 1 ? [section("components", componentTable(components, explanation?.notes))] : []),
    ...changesOf(explanation, view),
  ].join("\n\n");
}

function reasonOf(rollout: RolloutView): string {
  const mistake = readExplanation(rollout)?.mistake;
  if (mistake) {
    return `: ${rollout.errorClass}, ${mistake.message} (line ${mistake.line}: ${mistake.text.trim().split("\n")[0]})`;
  }
  return rollout.exact ? ": the true change" : ": similarity to the true change, mean over the files of both";
}

function changesOf(explanation: Explanation | null, view: View | undefined): string[] {
  return (explanation?.files ?? []).map((file) => {
    const similarity = `similarity ${file.similarity.toFixed(4)}`;
    if (view !== undefined) {
      const head = view.paint("title", visible(`── ${file.path}, ${similarity}`));
      return `${head}\n${sideBySide(file.predicted, file.oracle, view)}`;
    }
    return [
      section(`${file.path}: predicted change, ${similarity}`, file.predicted || "none"),
      section(`${file.path}: true change`, file.oracle || "none"),
    ].join("\n\n");
  });
}

function readExplanation(rollout: RolloutView): Explanation | null {
  return rollout.explanationJson === "" ? null : (JSON.parse(rollout.explanationJson) as Explanation);
}

function section(title: string, body: string, paint = (line: string) => line): string {
  const lines = body.trimEnd().split("\n");
  return [`${visible(title)}:`, ...lines.map((line) => `  │ ${paint(visible(line))}`)].join("\n");
}
