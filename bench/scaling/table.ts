import type { Comparison } from "./compare.ts";
import type { Figures } from "./figures.ts";

const COLUMNS = ["scenario", "policy", "idle", "starved", "stale", "turns", "cost", "minutes"];

/** The figures as a Markdown table. */
export function figuresTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.flatMap(({ scenario, ours, clairvoyant, queueLength }) => [
    row(scenario.name, "fleet", ours),
    row("", "clairvoyant", clairvoyant),
    row("", "queue length", queueLength),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(COLUMNS),
    line(["---", "---", "---:", "---:", "---:", "---:", "---:", "---:"]),
    ...rows.map(line),
  ].join("\n");
}

function row(scenario: string, policy: string, figures: Figures): string[] {
  const { idleShare, starvedShare, staleShare, directionChanges, cost, seconds } = figures;
  return [
    scenario,
    policy,
    percent(idleShare),
    percent(starvedShare),
    percent(staleShare),
    directionChanges.toFixed(1),
    cost.toFixed(1),
    (seconds / 60).toFixed(0),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
