import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RewardConfig } from "../../../rewards/index.ts";
import {
  checkRewardModule,
  openRewardPool,
  RewardFailedError,
  type RewardPool,
} from "../../../workers/index.ts";
import { replyWith } from "../../support/replies.ts";

const INPUT = {
  files: { "a.py": "one\n" },
  oracle: { "a.py": "two\n" },
  reply: replyWith([{ path: "a.py", search: "one", replace: "two" }]),
};

let folder: string;
let pool: RewardPool;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-rewards-"));
  pool = openRewardPool({ threads: 1, timeoutMs: 30_000 });
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

let modules = 0;
async function moduleOf(source: string): Promise<string> {
  const path = join(folder, `reward-${modules++}.ts`);
  await writeFile(path, source);
  return path;
}

async function scoreWith(source: string) {
  const own = { kind: "module", name: "own", weight: 0.5, path: await moduleOf(source), range: [0, 1] };
  const components = [{ kind: "swe-rl", name: "paper", weight: 0.5 }, own];
  return pool.score({ settings: { name: "swe-rl", components }, input: INPUT });
}

describe("a composed reward", () => {
  it("is the weighted sum, and keeps each component and what it says", async () => {
    const score = await scoreWith(
      "export default async ({ reply }: { reply: string }) => ({ reward: reply.includes('two') ? 0.5 : 0, explanation: 'has two' });",
    );

    expect(score).toMatchObject({
      reward: 0.75,
      exact: true,
      components: [
        { name: "paper", value: 1, weight: 0.5 },
        { name: "own", value: 0.5, weight: 0.5 },
      ],
    });
    expect(JSON.parse(score.explanationJson).notes).toEqual([{ name: "own", text: "has two" }]);
  });

  it.each(["1.5", "-0.1", "NaN", "Infinity", "undefined", "'1'", "null"])(
    "fails on the value %s, and never counts it",
    async (value) => {
      const scored = scoreWith(`export default () => (${value});`);

      await expect(scored).rejects.toThrow(RewardFailedError);
      await expect(scored).rejects.toThrow("the reward own gave");
    },
  );

  it("takes SWE-RL's reward more than once, each with options of its own", async () => {
    const near = replyWith([{ path: "a.py", search: "one", replace: "twos" }]);
    const components = [
      { kind: "swe-rl", name: "near", weight: 0.5 },
      { kind: "swe-rl", name: "right", weight: 0.5, options: { form: "discrete" } },
    ];

    const score = await pool.score({
      settings: { name: "swe-rl", components },
      input: { ...INPUT, reply: near },
    });

    const [first, second] = score.components;
    expect(first?.value).toBeGreaterThan(0.5);
    expect(second).toEqual({ name: "right", value: 0, weight: 0.5 });
    expect(score.reward).toBe((first?.value ?? 0) / 2);
  });

  it("fails when a component throws", async () => {
    await expect(scoreWith("export default () => { throw new Error('no'); };")).rejects.toThrow(
      "scoring failed: no",
    );
  });

  it("is SWE-RL's alone without components", async () => {
    const score = await pool.score({ settings: { name: "swe-rl" }, input: INPUT });

    expect(score).toMatchObject({ reward: 1, components: [{ name: "swe-rl", weight: 1 }] });
  });
});

describe("the configuration of components", () => {
  const paper = { kind: "swe-rl", name: "paper", weight: 0.5 };
  const own = { kind: "module", name: "own", weight: 0.5, path: "./own.ts", range: [0, 1] };

  it.each([
    ["a sum beyond the range", [paper, { ...own, weight: 0.6 }], "take smaller weights"],
    ["two of a name", [paper, { ...own, name: "paper" }], "share a name"],
    ["a range that is none", [{ ...own, range: [1, 0] }], "the least value comes first"],
  ])("refuses %s", (_what, components, sentence) => {
    expect(() => RewardConfig.parse({ components })).toThrow(sentence);
  });

  it("takes weights whose sum is off by rounding", () => {
    const parts = Array.from({ length: 10 }, (_, i) => ({ ...own, name: `${i}`, weight: 0.1 }));

    expect(RewardConfig.parse({ components: parts }).components).toHaveLength(10);
  });
});

describe("checkRewardModule", () => {
  it("says in a sentence what is wrong with a module", async () => {
    const none = checkRewardModule(join(folder, "none.ts"), 30_000);

    await expect(none).rejects.toThrow(/none\.ts cannot be loaded: /);
    await expect(none).rejects.toMatchObject({ code: "workers.reward_module" });
    await expect(checkRewardModule(await moduleOf("export const reward = 1;"), 30_000)).rejects.toThrow(
      "has no function as its default export",
    );
  });

  it.each(["for (;;);", "await new Promise(() => setInterval(() => {}, 1000));"])(
    "does not wait for ever for one that begins with %s",
    async (source) => {
      const path = await moduleOf(`${source}\nexport default () => 1;`);

      await expect(checkRewardModule(path, 1_000)).rejects.toThrow(`${path} did not load within 1000 ms`);
    },
  );
});
