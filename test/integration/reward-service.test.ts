import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRewardPool, RewardAwayError, type RewardPool } from "../../workers/index.ts";
import { replyWith } from "../support/replies.ts";
import { serveRewarder } from "../support/serve-rewarder.ts";

const INPUT = {
  files: { "a.py": "one\n", "b.py": "gone\n" },
  oracle: { "a.py": "two\n", "b.py": null },
  reply: replyWith([{ path: "a.py", search: "one", replace: "two" }]),
};
const DEADLINE_MS = 1_000;

let pool: RewardPool;
beforeAll(() => {
  pool = openRewardPool({ threads: 1, timeoutMs: 30_000 });
});
afterAll(() => pool[Symbol.asyncDispose]());

describe("a reward that is served elsewhere", () => {
  it("is asked with files, true change, deletions and reply, and its answer is a component", async () => {
    const asked: object[] = [];
    await using service = await serveRewarder((call, answer) => {
      asked.push(call.request);
      answer(null, { reward: 0.5, explanation: "so so" });
    });

    const score = await scoreBy(service.address);

    expect(asked).toEqual([
      {
        component: "judge",
        files: INPUT.files,
        oracle: { "a.py": "two\n" },
        deleted: ["b.py"],
        reply: INPUT.reply,
      },
    ]);
    expect(score).toMatchObject({ reward: 0.25, components: [{ name: "judge", value: 0.5, weight: 0.5 }] });
    expect(JSON.parse(score.explanationJson).notes).toEqual([{ name: "judge", text: "so so" }]);
  });

  it("fails the sample when it answers with an error", async () => {
    await using service = await serveRewarder((_, answer) => {
      answer({ code: status.INTERNAL, details: "no judge is in" });
    });

    await expect(scoreBy(service.address)).rejects.toThrow(
      "scoring failed: the reward judge failed: no judge is in",
    );
  });

  it("fails the sample when its value is out of the declared range", async () => {
    await using service = await serveRewarder((_, answer) => answer(null, { reward: 2 }));

    await expect(scoreBy(service.address)).rejects.toThrow("the reward judge gave 2, which is not in [0, 1]");
  });

  it("fails the sample when it is there and does not answer before the deadline, and not when it is away", async () => {
    let address = "";
    {
      await using service = await serveRewarder(() => {});
      address = service.address;
      const silent = await scoreBy(address).catch((error: unknown) => error);
      expect(silent).not.toBeInstanceOf(RewardAwayError);
      expect(silent).toMatchObject({
        message: `scoring failed: the reward judge did not answer at ${address} within ${DEADLINE_MS} ms`,
      });
    }

    const away = await scoreBy(address).catch((error: unknown) => error);
    expect(away).toBeInstanceOf(RewardAwayError);
    expect(away).toMatchObject({
      message: `scoring failed: nobody was there to give the reward judge at ${address} within ${DEADLINE_MS} ms`,
    });
  });
});

function scoreBy(address: string) {
  const judge = { kind: "grpc", name: "judge", weight: 0.5, address, deadlineMs: DEADLINE_MS };
  return pool.score({ settings: { name: "swe-rl", components: [judge] }, input: INPUT });
}
