import { METRICS_OF, type Metric, prometheusName } from "./names/index.ts";

/** The tables of docs/telemetry.md: every metric with its labels, unit and meaning, by who has it. */
export function metricTables(): string {
  return Object.entries(METRICS_OF)
    .map(([teller, metrics]) => [`### Of ${ARTICLES[teller] ?? teller}`, "", ...tableOf(metrics)].join("\n"))
    .join("\n\n");
}

const ARTICLES: Readonly<Record<string, string>> = {
  coordinator: "the coordinator",
  worker: "a worker",
  updater: "the updater",
};

function tableOf(metrics: Readonly<Record<string, Metric>>): string[] {
  return [
    "| Prometheus | OTLP | kind | labels | unit | meaning |",
    "|---|---|---|---|---|---|",
    ...Object.entries(metrics).map(([name, { kind, labels, unit, about }]) => {
      const named = labels.map((label) => `\`${label}\``).join(", ");
      const meaning = about.replaceAll("|", "\\|");
      return `| \`${prometheusName(name, kind)}\` | \`${name}\` | ${kind} | ${named} | \`${unit}\` | ${meaning} |`;
    }),
  ];
}
