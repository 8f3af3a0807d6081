import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createReward, RewardConfig, similarityRatio } from "../../../rewards/index.ts";

interface RewardVector {
  id: string;
  note: string;
  code_context: Record<string, string>;
  oracle_new_content: Record<string, string | null>;
  output: string;
  expected_reward: number;
  expected_error: string | null;
  per_file: Record<string, number> | null;
  pred_patch: Record<string, string> | null;
  oracle_patch: Record<string, string> | null;
}

interface RatioVector {
  a: string;
  b: string;
  ratio: number;
}

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/rewards/${name}`, import.meta.url), "utf8");

const rewardVectors = fixture("reward_vectors.jsonl")
  .trim()
  .split("\n")
  .map((line): RewardVector => JSON.parse(line));
const ratioVectors: RatioVector[] = JSON.parse(fixture("ratio_vectors.json"));

describe("the reward agrees with CPython", () => {
  const reward = createReward(RewardConfig.parse({}));

  it.each(rewardVectors)("on $id: $note", (vector) => {
    const verdict = reward({
      files: vector.code_context,
      oracle: vector.oracle_new_content,
      reply: vector.output,
    });

    const { files } = verdict.explanation;
    const diffs = (side: "predicted" | "oracle") =>
      Object.fromEntries(files.filter((file) => file[side] !== "").map((file) => [file.path, file[side]]));
    expect({
      reward: verdict.reward,
      error: verdict.errorClass,
      similarities: Object.fromEntries(files.map(({ path, similarity }) => [path, similarity])),
      predicted: diffs("predicted"),
      oracle: diffs("oracle"),
    }).toEqual({
      reward: vector.expected_reward,
      error: vector.expected_error ?? "",
      similarities: vector.per_file ?? {},
      predicted: vector.pred_patch ?? {},
      oracle: vector.oracle_patch ?? {},
    });
  });
});

describe("the similarity ratio agrees with CPython to the last bit", () => {
  it.each(ratioVectors.map((vector, number) => ({ number, ...vector })))(
    "on pair $number",
    ({ a, b, ratio }) => {
      expect(similarityRatio(a, b)).toBe(ratio);
    },
  );
});
