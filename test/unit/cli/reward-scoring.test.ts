import { afterEach, describe, expect, it } from "vitest";
import { type Outcome, type Scoring, scoreReplies } from "../../../cli/score-replies.ts";
import { openRewardPool, type RewardPool } from "../../../workers/index.ts";
import { replyWith } from "../../support/replies.ts";

const ODD = new URL("../../support/odd-reward-thread.ts", import.meta.url);

const INSTANCE = {
  id: "a",
  issue: "wrong",
  files: { "a.py": "one\ntwo\n" },
  oracle: { "a.py": "one\n2\n" },
};

let pool: RewardPool | undefined;
afterEach(async () => {
  await pool?.[Symbol.asyncDispose]();
  pool = undefined;
});

function scoringWith(changes: Pick<Scoring, "pool"> & Partial<Scoring>): Scoring {
  return { instances: new Map([["a", INSTANCE]]), settings: { name: "swe-rl" }, atOnce: 4, ...changes };
}

async function* linesOf(texts: readonly string[]) {
  let line = 0;
  for (const text of texts) yield { line: ++line, id: "a", text };
}

/** A pool whose scores come when the test says so: the reward of a reply is the number that it is. */
function gatedPool() {
  const gates = new Map<string, () => void>();
  const score: RewardPool["score"] = async ({ input: { reply } }) => {
    await new Promise<void>((open) => gates.set(reply, open));
    const reward = Number(reply);
    return { reward, exact: false, errorClass: "", scorer: "", components: [], explanationJson: "{}" };
  };
  const gated: RewardPool = { score, [Symbol.asyncDispose]: async () => {} };
  return { gated, asked: () => [...gates.keys()], open: (reply: string) => gates.get(reply)?.() };
}

const rewardOf = (outcome: Outcome) => ("verdict" in outcome ? outcome.verdict.reward : null);

describe("scoring a file of replies", () => {
  it("gives each reply its verdict, its number and its line, as the worker's threads score it", async () => {
    pool = openRewardPool({ threads: 1, timeoutMs: 30_000 });
    const right = replyWith([{ path: "a.py", search: "two", replace: "2" }]);

    const outcomes = await Array.fromAsync(scoreReplies(linesOf([right, "nothing"]), scoringWith({ pool })));

    expect(outcomes).toMatchObject([
      { line: 1, id: "a", nth: 1, verdict: { reward: 1, exact: true, explanation: { mistake: null } } },
      { line: 2, id: "a", nth: 2, verdict: { reward: -1, errorClass: "tag:<think>" } },
    ]);
  });

  it("keeps the order of the lines whichever score comes first, with so many replies at once and no more", async () => {
    const { gated, asked, open } = gatedPool();
    let read = 0;
    async function* counted() {
      for await (const reply of linesOf(["0.1", "0.2", "0.3", "0.4", "0.5"])) {
        read++;
        yield reply;
      }
    }

    const outcomes = scoreReplies(counted(), scoringWith({ pool: gated, atOnce: 3 }));
    const first = outcomes.next();
    await expect.poll(asked).toEqual(["0.1", "0.2", "0.3"]);
    open("0.3");
    open("0.2");
    const readBefore = read;
    open("0.1");
    const rewards = [rewardOf((await first).value as Outcome)];
    const rest = Array.fromAsync(outcomes);
    await expect.poll(asked).toContain("0.5");
    open("0.5");
    open("0.4");
    rewards.push(...(await rest).map(rewardOf));

    expect(readBefore).toBe(3);
    expect(rewards).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
  });

  it("ends only when what was begun has ended, so that no thread is taken away at work", async () => {
    const { gated, asked, open } = gatedPool();
    const outcomes = scoreReplies(linesOf(["0.1", "0.2", "0.3"]), scoringWith({ pool: gated, atOnce: 2 }));
    const first = outcomes.next();
    await expect.poll(asked).toEqual(["0.1", "0.2"]);
    open("0.1");
    await first;
    let hasEnded = false;

    const ended = outcomes.return(undefined).then(() => {
      hasEnded = true;
    });
    await new Promise((turn) => setImmediate(turn));
    const endedBefore = hasEnded;
    open("0.2");
    await ended;

    expect(endedBefore).toBe(false);
    expect(hasEnded).toBe(true);
  });

  it("names a line whose instance is not in the dataset, and passes on one that is no reply", async () => {
    pool = openRewardPool({ threads: 1, timeoutMs: 30_000 });
    async function* lines() {
      yield { line: 1, id: "b\u001b", text: "" };
      yield { line: 2, reason: "no valid JSON" };
    }

    expect(await Array.fromAsync(scoreReplies(lines(), scoringWith({ pool })))).toEqual([
      { line: 1, reason: 'the dataset has no instance "b\\u001b"' },
      { line: 2, reason: "no valid JSON" },
    ]);
  });

  it("reports a reply that took too long or whose reward threw as failed, and scores the next", async () => {
    pool = openRewardPool({ threads: 1, timeoutMs: 2_000, entry: ODD });

    const outcomes = await Array.fromAsync(
      scoreReplies(linesOf(["hang", "throw", "0.5"]), scoringWith({ pool })),
    );

    expect(outcomes).toMatchObject([
      { line: 1, failure: "scoring took longer than 2000 ms" },
      { line: 2, failure: "scoring failed: no parser for this" },
      { line: 3, verdict: { reward: 0.5 } },
    ]);
  });
});
