/**
 * The reward of SWE-RL: −1 for a reply in the wrong format, else how alike the predicted change and the true
 * one are, as the mean over all files that either of them touches.
 *
 * @see arXiv:2502.18449, section 2.2
 * @module
 */
import { type Budget, createBudget } from "./budget.ts";
import { compareDiffMaps, type Diffs, meanSimilarity } from "./compare-changes.ts";
import type { RewardConfig } from "./config.ts";
import { unifiedDiff } from "./diff/unified-diff.ts";
import { applyEdits } from "./reply/apply-edits.ts";
import { ReplyMistake } from "./reply/mistake.ts";
import { parseReply } from "./reply/parse-reply.ts";
import type { FileVerdict, MistakeNote, Reward, ScoreInput, Verdict } from "./verdict.ts";

const NAME = "swe-rl";
const SCORER = `${NAME}@1`;
const WRONG_FORMAT = -1;
const MOST_EXCERPT = 400;

/** Path → content of the files that one side writes. */
type Change = ReadonlyMap<string, string>;

/** Makes the reward that a configuration describes. */
export function createReward(config: RewardConfig): Reward {
  return (input) => {
    try {
      return score(input, config);
    } catch (error) {
      if (error instanceof ReplyMistake) return verdictOf(WRONG_FORMAT, false, [], error, input.reply);
      throw error;
    }
  };
}

function score(input: ScoreInput, config: RewardConfig): Verdict {
  const { files, oracle, reply } = input;
  const budget = createBudget(config.operationsAtMost);
  const predicted: Change = applyEdits(files, parseReply(reply).edits, budget);
  const truth: Change = new Map(Object.entries(oracle).map(([path, content]) => [path, content ?? ""]));
  const compared = compareDiffMaps(diffsOf(files, predicted, budget), diffsOf(files, truth, budget), {
    trueOnly: config.oracleFilesOnly,
    budget,
  });
  if (compared.length === 0 && config.bothEmpty === "reject") {
    throw new ReplyMistake("empty-change", "the edits cancel out, and nothing was to be changed", null);
  }
  const value = earned(compared, config);
  return verdictOf(value, sameContents(files, predicted, truth), compared, null, reply);
}

function diffsOf(files: ScoreInput["files"], change: Change, budget: Budget): Diffs {
  return new Map(
    [...change].map(([path, content]) => [path, unifiedDiff(contentOf(files, path), content, budget)]),
  );
}

function contentOf(files: ScoreInput["files"], path: string): string {
  return Object.hasOwn(files, path) ? (files[path] as string) : "";
}

function earned(compared: readonly FileVerdict[], { form, threshold }: RewardConfig): number {
  const mean = meanSimilarity(compared);
  if (form === "continuous" || compared.every(({ similarity }) => similarity === 1)) return mean;
  return form === "threshold" && mean >= threshold ? threshold : 0;
}

function sameContents(files: ScoreInput["files"], predicted: Change, truth: Change): boolean {
  const paths = [...new Set([...predicted.keys(), ...truth.keys()])];
  const after = (change: Change, path: string) => change.get(path) ?? contentOf(files, path);
  return paths.every((path) => after(predicted, path) === after(truth, path));
}

function verdictOf(
  reward: number,
  exact: boolean,
  files: readonly FileVerdict[],
  mistake: ReplyMistake | null,
  reply: string,
): Verdict {
  return {
    reward,
    exact,
    errorClass: mistake?.errorClass ?? "",
    scorer: SCORER,
    components: [{ name: NAME, value: reward, weight: 1 }],
    explanation: { mistake: mistake && noteOf(mistake, reply), files },
  };
}

function noteOf({ message, excerpt }: ReplyMistake, reply: string): MistakeNote {
  const { text, at } = excerpt ?? { text: "", at: 0 };
  return { message, text: text.slice(0, MOST_EXCERPT), line: reply.slice(0, at).split("\n").length };
}
