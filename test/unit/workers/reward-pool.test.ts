import { afterEach, describe, expect, it } from "vitest";
import { openRewardPool, RewardFailedError, type RewardPool } from "../../../workers/index.ts";

const ODD = new URL("../../support/odd-reward-thread.ts", import.meta.url);

let pool: RewardPool;
afterEach(() => pool[Symbol.asyncDispose]());

describe("openRewardPool", () => {
  it("scores a completion as the reward does, explanation included", async () => {
    pool = openRewardPool({ threads: 1, timeoutMs: 30_000 });
    const files = { "a.py": "x = 1\n" };
    const reply = "no edit at all";

    const score = await pool.score({
      settings: { name: "swe-rl" },
      input: { files, oracle: { "a.py": "x = 2\n" }, reply },
    });

    expect(score).toMatchObject({ reward: -1, exact: false, scorer: "swe-rl@1" });
    expect(score.errorClass).not.toBe("");
    expect(JSON.parse(score.explanationJson)).toMatchObject({ mistake: { message: expect.any(String) } });
  });

  it.each(["hang", "never"])("replaces a thread that does not end (%s) and goes on", async (reply) => {
    pool = openRewardPool({ threads: 1, timeoutMs: 2_000, entry: ODD });

    const hung = pool.score(orderOf(reply));
    const next = pool.score(orderOf("0.25"));

    await expect(hung).rejects.toThrow("scoring took longer than 2000 ms");
    expect(await next).toMatchObject({ reward: 0.25 });
  });

  it("reports an error of the reward as a failure, never as a number", async () => {
    pool = openRewardPool({ threads: 1, timeoutMs: 30_000, entry: ODD });

    await expect(pool.score(orderOf("throw"))).rejects.toThrow(RewardFailedError);
    await expect(pool.score(orderOf("throw"))).rejects.toThrow("scoring failed: no parser for this");
  });

  it.each(["NaN", "Infinity", "1.5", "-2"])("refuses the reward %s", async (reply) => {
    pool = openRewardPool({ threads: 1, timeoutMs: 30_000, entry: ODD });

    await expect(pool.score(orderOf(reply))).rejects.toThrow(`the reward ${reply} is not in [-1, 1]`);
  });
});

function orderOf(reply: string) {
  return { settings: {}, input: { files: {}, oracle: {}, reply } };
}
