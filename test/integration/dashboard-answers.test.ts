import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArchive } from "../../coordinator/index.ts";
import type { DataPage, Facets, LedgerView, RolloutPage, RolloutView } from "../../dashboard/index.ts";
import { openShownRun, type ShownRollout, type ShownRun } from "../support/shown-run.ts";

const ROLLOUTS: readonly ShownRollout[] = Array.from({ length: 24 }, (_, i) => ({
  lane: i < 20 ? "train" : "eval",
  task: `t${Math.floor(i / 4)}`,
  sample: i % 4,
  instance: `Org/repo-${Math.floor(i / 4) % 3}`,
  worker: i % 2 === 0 ? "worker-0" : "o'brien",
  reward: i % 4 === 3 ? -1 : (i % 4) / 4,
  errorClass: i % 4 === 3 ? "not-found" : "",
  exact: i % 8 === 2,
  version: Math.floor(i / 8),
  step: i < 16 ? 1 + Math.floor(i / 8) : 2,
  outcome: i < 16 ? "trained" : i < 20 ? "skipped" : "evaluated",
  text: i === 5 ? "Needle in the reply" : `reply ${i}`,
  issue: i === 17 ? "a NEEDLE in the issue" : "an issue",
  tokens: Array.from({ length: 1 + (i % 5) }, (_, at) => at),
}));

describe("the dashboard's answers over an archive", () => {
  let shown: ShownRun;
  beforeAll(async () => {
    shown = await openShownRun(ROLLOUTS, { pieces: ["a", "b", "c", "d", "e", "f"] });
  });
  afterAll(() => shown[Symbol.asyncDispose]());

  const numbersOf = async (query: string) =>
    (await shown.ask<RolloutPage>(`rollouts?${query}`)).rows.map(({ sequence }) => sequence);
  const fitting = (fits: (rollout: ShownRollout, index: number) => boolean) =>
    ROLLOUTS.flatMap((rollout, index) => (fits(rollout, index) ? [index + 1] : [])).reverse();

  it("list what the archive holds, the newest first", async () => {
    const page = await shown.ask<RolloutPage>("rollouts?limit=100");

    const archived = await readArchive(shown.archive, { sort: "sequence", atMost: 100 });
    expect(page.total).toBe(24);
    expect(page.rows.toReversed()).toEqual(
      archived.map(({ sequence, reward, step, outcome, instance, worker, tokens }) =>
        expect.objectContaining({ sequence, reward, step, outcome, instance, worker, tokens }),
      ),
    );
  });

  it.each<[string, (rollout: ShownRollout, index: number) => boolean]>([
    ["lane=eval", ({ lane }) => lane === "eval"],
    ["step=2&lane=train", ({ step, lane }) => step === 2 && lane === "train"],
    ["version=1", ({ version }) => version === 1],
    ["instance=REPO-2", ({ instance }) => instance === "Org/repo-2"],
    ["worker=o'brien", ({ worker }) => worker === "o'brien"],
    ["outcome=skipped", ({ outcome }) => outcome === "skipped"],
    ["error=any", ({ errorClass }) => errorClass !== ""],
    ["error=none&exact=no", ({ errorClass, exact }) => errorClass === "" && exact === false],
    ["error=not-found", ({ errorClass }) => errorClass === "not-found"],
    ["least=0.25&most=0.5", ({ reward = 0 }) => reward >= 0.25 && reward <= 0.5],
    ["task=t3", ({ task }) => task === "t3"],
  ])("filter by %s", async (query, fits) => {
    expect(await numbersOf(query)).toEqual(fitting(fits));
  });

  it("sort by a column, the newest first among equals, in pages", async () => {
    const all = await numbersOf("sort=reward&order=asc&limit=100");
    const second = await numbersOf("sort=reward&order=asc&limit=5&from=5");

    const wanted = ROLLOUTS.map(({ reward = 0 }, index) => ({ reward, sequence: index + 1 }))
      .sort((a, b) => a.reward - b.reward || b.sequence - a.sequence)
      .map(({ sequence }) => sequence);
    expect(all).toEqual(wanted);
    expect(second).toEqual(wanted.slice(5, 10));
  });

  it("search replies and issues without regard to case, together with a filter", async () => {
    expect(await numbersOf("text=needle")).toEqual([18, 6]);
    expect(await numbersOf("text=needle&outcome=trained")).toEqual([6]);
    expect(await numbersOf("text=%25")).toEqual([]);
  });

  it("search page by page, leaving nothing out", async () => {
    const found: number[] = [];
    let before = "";
    for (let pages = 0; pages < 20; pages++) {
      const { rows, searched } = await shown.ask<RolloutPage>(`rollouts?text=REPLY&limit=5${before}`);
      found.push(...rows.map(({ sequence }) => sequence));
      if (searched?.next === null) break;
      before = `&before=${searched?.next}`;
    }

    expect(found).toEqual(Array.from({ length: 24 }, (_, index) => 24 - index));
    expect(await numbersOf("text=reply%201.")).toEqual([]);
    expect(await numbersOf("text=reply%20(%5B%5C")).toEqual([]);
  });

  it("tell what can be filtered by", async () => {
    const facets = await shown.ask<Facets>("facets");

    expect(facets).toEqual({
      workers: ["o'brien", "worker-0"],
      errorClasses: ["not-found"],
      finishes: ["FINISH_END"],
      outcomes: ["evaluated", "skipped", "trained"],
      versions: { least: 0, most: 2 },
    });
  });

  it("show one in full with its tokens' texts, its group, and advantages among those that trained", async () => {
    const view = await shown.ask<RolloutView>("rollouts/6");

    expect(view).toMatchObject({
      text: "Needle in the reply",
      issue: "an issue",
      scorer: "swe-rl@1",
      step: 1,
    });
    expect(view.tokenIds).toEqual([0]);
    expect(view.pieces).toEqual(["a"]);
    expect(view.promptPieces).toEqual(["e", "f"]);
    expect(view.group.map(({ sequence }) => sequence)).toEqual([5, 6, 7, 8]);
    expect(view.advantages).toEqual([0.0625, 0.3125, 0.5625, -0.9375]);
  });

  it("give what is known of each token", async () => {
    const { tokenIds, logp, entropy, logq } = await shown.ask<RolloutView>("rollouts/8");

    expect({ tokenIds, logp, entropy, logq }).toEqual({
      tokenIds: [0, 1, 2],
      logp: [0, -0.5, -1],
      entropy: [0, 0.25, 0.5],
      logq: [],
    });
  });

  it("count instances by how often they were solved", async () => {
    const data = await shown.ask<DataPage>("data?sort=instance&order=asc");
    const never = await shown.ask<DataPage>("data?kind=never&lane=eval");

    expect(data.rows.map(({ instance, rollouts, groups }) => [instance, rollouts, groups])).toEqual([
      ["Org/repo-0", 8, 2],
      ["Org/repo-1", 8, 2],
      ["Org/repo-2", 4, 1],
    ]);
    expect(data.rows.map(({ solved }) => solved)).toEqual([1, 1, 1]);
    expect(data.counts).toEqual({ never: 0, sometimes: 3, always: 0 });
    expect(data.rows[0]?.rewards).toEqual([-0.0625, -0.0625]);
    expect(never.total).toBe(1);
  });

  it("say why samples were not trained on", async () => {
    const ledger = await shown.ask<LedgerView>("ledger");

    expect(ledger.reasons).toEqual([{ lane: "train", outcome: "skipped", reason: "no-signal", samples: 4 }]);
  });
});
