/**
 * How fast the dashboard answers over an archive of 100,000 rollouts, asked by HTTP as its page does.
 *
 * @module
 */
import type { RolloutPage } from "../../dashboard/index.ts";
import { openShownRun, type ShownRun } from "../../test/support/shown-run.ts";
import { growArchive, NEEDLE } from "../grow-archive.ts";
import type { Bench, Row } from "../row.ts";

/** As the archiver writes them. */
const ROLLOUTS_A_FILE = 512;
const FILES = 196;
const TOKENS = 400;
/** Characters of a reply and of its issue, about. */
const CHARACTERS = 1_500;
const ROUNDS = 12;
const MOST_FILTER_MS = 200;
const MOST_SEARCH_MS = 2_000;

/** What a person asks for: filters, sorts, and pages far down. */
const LISTS = [
  "",
  "sort=reward",
  "sort=reward&order=asc&lane=train",
  "sort=tokens&error=any",
  "least=0.2&most=0.4&sort=step",
  "instance=repo-123&sort=reward",
  "worker=worker-3&error=not-found",
  "step=77",
  "version=42&sort=instance&order=asc",
  "exact=yes&sort=decodeMs",
  "outcome=trained&sort=worker&from=90000",
  "task=t9000",
];

/** Rows `dashboard-filter`, `dashboard-search`, `dashboard-rollout` and `dashboard-open`. */
export const dashboardBench: Bench = {
  name: "dashboard",
  async measure(): Promise<Row[]> {
    const word = "def repaired(value): return value + 1\n";
    const rollouts = Array.from({ length: ROLLOUTS_A_FILE }, (_, index) => ({
      ...{
        text: word.repeat(CHARACTERS / word.length),
        issue: `issue ${index} ${word.repeat(CHARACTERS / word.length)}`,
      },
      ...{ step: 1, tokens: Array.from({ length: TOKENS }, (_, at) => (at * (index + 7)) % 1_000) },
    }));
    await using shown = await openShownRun(rollouts, { grow: (archive) => growArchive(archive, FILES) });
    const opening = await timed(() => shown.ask<RolloutPage>("rollouts"));
    if (opening.value.of !== FILES * ROLLOUTS_A_FILE)
      throw new Error(`${opening.value.of} rollouts are known`);
    const lists: number[] = [];
    const single: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const query of LISTS)
        lists.push((await timed(() => shown.ask<RolloutPage>(`rollouts?${query}`))).ms);
      single.push((await timed(() => shown.ask(`rollouts/${1 + round * 8_000}`))).ms);
    }
    const about = `over ${(FILES * ROLLOUTS_A_FILE).toLocaleString("en")} rollouts in ${FILES} files, by HTTP`;
    return [
      row(
        "dashboard-filter",
        `p95 of ${lists.length} filters and sorts ${about}`,
        p95(lists),
        MOST_FILTER_MS,
      ),
      row(
        "dashboard-search",
        `to the only hit of a text search, in one of the oldest files, ${about}`,
        await searchMs(shown, NEEDLE),
        MOST_SEARCH_MS,
      ),
      row("dashboard-rollout", `p95 of ${single.length} rollouts in full, ${about}`, p95(single)),
      row("dashboard-open", `the first list ${about}: takes in the whole archive`, opening.ms),
    ];
  },
};

/** Looks on as the page does until something is found. */
async function searchMs(shown: ShownRun, text: string): Promise<number> {
  const from = performance.now();
  let before = "";
  for (;;) {
    const page = await shown.ask<RolloutPage>(`rollouts?text=${encodeURIComponent(text)}${before}`);
    if (page.rows.length > 0) return performance.now() - from;
    const next = page.searched?.next ?? null;
    if (next === null) throw new Error("the text was not found");
    before = `&before=${next}`;
  }
}

function row(id: string, what: string, value: number, atMost?: number): Row {
  return { id, what, value, unit: "ms", ...(atMost !== undefined && { atMost }) };
}

async function timed<Value>(work: () => Promise<Value>): Promise<{ value: Value; ms: number }> {
  const from = performance.now();
  return { value: await work(), ms: performance.now() - from };
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1] ?? 0;
}
