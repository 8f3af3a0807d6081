import { METRICS_OF, type Metric, prometheusName } from "./names/index.ts";
import { ATTRIBUTES, SPANS } from "./names/spans.ts";

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

/** The tables of docs/telemetry.md about traces: every span with who tells it and what it is under, then every attribute. */
export function spanTables(): string {
  const traces = { task: "### Of a task", step: "### Of a step" } as const;
  const spans = Object.entries(traces).map(([trace, title]) =>
    [
      title,
      "",
      "| span | under | told by | what it is |",
      "|---|---|---|---|",
      ...Object.entries(SPANS)
        .filter(([, span]) => span.trace === trace)
        .map(([name, { under, teller, about }]) => `| \`${name}\` | ${under} | ${teller} | ${about} |`),
    ].join("\n"),
  );
  const attributes = [
    "### Attributes",
    "",
    "| attribute | meaning |",
    "|---|---|",
    ...Object.entries(ATTRIBUTES).map(([name, about]) => `| \`${name}\` | ${about} |`),
  ].join("\n");
  return [...spans, attributes].join("\n\n");
}
