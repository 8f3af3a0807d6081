import type { FailedReply, ScoredReply } from "../score-replies.ts";
import { createHistogram } from "./histogram.ts";
import { decimal, percent } from "./numbers.ts";
import type { View } from "./side-by-side.ts";
import { table } from "./table.ts";
import { toneOf, verdictLine } from "./verdict.ts";
import { visible, wrap } from "./visible.ts";

/** Lines of the worst and of the best reply that are shown. */
const MOST_LINES = 16;

/** Sums up scored replies, with two of them in memory. */
export interface RewardReport {
  add(reply: ScoredReply | FailedReply): void;
  readonly scored: number;
  readonly failed: number;
  /** Of the rewards; 0 without one. */
  readonly mean: number;
  /** Histogram, verdicts counted, the worst and the best reply. */
  text(view: View): string;
}

/** A report on nothing yet. */
export function createRewardReport(): RewardReport {
  const histogram = createHistogram();
  const tasks = new Set<string>();
  const verdicts = new Map<string, number>();
  let worst: ScoredReply | null = null;
  let best: ScoredReply | null = null;
  let scored = 0;
  let failed = 0;
  let sum = 0;
  const count = (name: string) => verdicts.set(name, (verdicts.get(name) ?? 0) + 1);
  const mean = () => (scored === 0 ? 0 : sum / scored);

  return {
    get scored() {
      return scored;
    },
    get failed() {
      return failed;
    },
    get mean() {
      return mean();
    },
    add: (reply) => {
      tasks.add(reply.id);
      if ("failure" in reply) {
        failed++;
        count("not scored");
        return;
      }
      const { reward, exact, errorClass } = reply.verdict;
      scored++;
      sum += reward;
      histogram.add(reward);
      count(exact ? "exact" : errorClass || "similar");
      if (worst === null || reward < worst.verdict.reward) worst = reply;
      if (best === null || reward > best.verdict.reward) best = reply;
    },
    text: (view) =>
      [
        `${counted(scored + failed, "reply", "replies")} to ${counted(tasks.size, "task", "tasks")}, mean reward ${decimal(mean(), 3)}`,
        histogram.text(view.columns),
        verdictTable(verdicts, scored + failed),
        ...endsOf(worst, best, view),
        view.paint("aside", '"fleet reward explain --id …" shows one in full'),
      ]
        .filter((part) => part !== "")
        .join("\n\n"),
  };
}

function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** What came of the replies, the most frequent first. */
function verdictTable(verdicts: ReadonlyMap<string, number>, total: number): string {
  const rows = [...verdicts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return table(
    ["verdict", "replies", "share"],
    rows.map(([name, count]) => [visible(name), count, percent(count / total, 1)]),
  );
}

function endsOf(worst: ScoredReply | null, best: ScoredReply | null, view: View): string[] {
  if (worst === null || best === null) return [];
  if (worst.line === best.line) return [excerptOf("all alike, the first", best, view)];
  return [excerptOf("worst", worst, view), excerptOf("best", best, view)];
}

/** A reply's beginning, and its verdict. */
function excerptOf(title: string, reply: ScoredReply, view: View): string {
  const { id, nth, line, text, verdict } = reply;
  const lines = text.split("\n");
  const shown = lines.slice(0, MOST_LINES).map((words) => {
    const [piece = "", ...more] = wrap(visible(words.slice(0, 10 * view.columns)), view.columns - 5);
    return `  │ ${piece}${more.length > 0 ? "…" : ""}`.trimEnd();
  });
  const rest = lines.length - shown.length;
  return [
    view.paint("title", `── ${title}: ${visible(id)}, reply ${nth}, line ${line}`),
    view.paint(toneOf(verdict.reward), verdictLine(reply)),
    ...shown,
    ...(rest > 0 ? [view.paint("aside", `  … ${rest} more lines`)] : []),
  ].join("\n");
}
