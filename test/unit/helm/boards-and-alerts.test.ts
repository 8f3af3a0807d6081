import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { METRICS, type Metric, prometheusName } from "../../../telemetry/index.ts";
import { boardQueries, type Place, readAlerts, readBoards } from "../../support/monitoring.ts";
import { labelsInTemplate, readQuery } from "../../support/promql.ts";

/** What Prometheus gives every series by itself, and its operator every series of a pod. */
const TARGET = ["job", "instance"];
const POD = ["pod"];
const OF_EVERY_SERIES = ["fleet_run", ...TARGET];
/** What OpenTelemetry says of a process. */
const PROCESS = ["service_name", "service_namespace", "service_instance_id"];
const LANGUAGE = [
  ...["sum", "max", "abs", "rate", "increase", "changes", "histogram_quantile"],
  ...["and", "or", "unless"],
];

const known = new Map<string, readonly string[]>([
  ...Object.entries<Metric>(METRICS).flatMap(([name, metric]) => seriesOf(name, metric)),
  ["target_info", [...OF_EVERY_SERIES, ...PROCESS]],
]);
const boards = readBoards();
const queries = boardQueries();
const alerts = readAlerts();

describe("the boards", () => {
  it("are three, each with a choice of the Prometheus and of the run", () => {
    expect([...boards.keys()]).toEqual(["fleet", "ledger", "run"]);
    for (const { uid, templating } of boards.values()) {
      expect(uid.length).toBeLessThanOrEqual(40);
      expect(templating.list.map(({ name }) => name)).toEqual(["datasource", "run", "window"]);
      const [, run] = templating.list;
      expect(run?.query).toMatchObject({ query: "label_values(fleet_run_step, fleet_run)" });
    }
  });

  it.each(queries)("names only what there is: $board, $panel, $legend", ({ query, legend }) => {
    expect(strangersIn(query)).toEqual([]);
    expect(labelsInTemplate(legend).filter((label) => !labelsOf(query).has(label))).toEqual([]);
  });

  it("ask of the chosen runs alone", () => {
    const unbound = queries.filter(({ query }) => {
      const ours = readQuery(query).metrics.filter(({ name }) => name.startsWith("fleet_"));
      return ours.length === 0 || ours.some(({ labels }) => !labels.includes("fleet_run"));
    });

    expect(unbound).toEqual([]);
  });

  it("have no two panels in one place", () => {
    for (const { panels } of boards.values()) {
      const places = panels.map(({ gridPos }) => gridPos);
      const overlapping = places.filter((a, i) => places.slice(i + 1).some((b) => overlap(a, b)));

      expect(overlapping).toEqual([]);
      expect(Math.max(...places.map(({ x, w }) => x + w))).toBe(24);
    }
  });
});

describe("the alerts", () => {
  it.each(alerts)("names only what there is: $alert", ({ expr, annotations }) => {
    const shown = Object.values(annotations).flatMap(labelsInTemplate);

    expect(strangersIn(expr)).toEqual([]);
    expect(shown.filter((label) => !labelsOf(expr).has(label) && !POD.includes(label))).toEqual([]);
  });

  it.each(alerts)("has a time, a severity, the run's name and what to do: $alert", (alert) => {
    const { summary = "", description = "" } = alert.annotations;
    const pages = [...description.matchAll(/docs\/([a-z]+\.md)(?:, "([^"]+)")?/g)];

    expect(alert.for).toMatch(/^\d+m$/);
    expect(["warning", "critical"]).toContain(alert.labels["severity"]);
    expect(summary).toContain("{{ $labels.fleet_run }}");
    expect(pages.length).toBeGreaterThan(0);
    for (const [, page = "", section = ""] of pages) {
      const lines = readFileSync(`docs/${page}`, "utf8").split("\n");
      expect(lines).toContain(section === "" ? lines[0] : `## ${section}`);
    }
  });

  it("name the run in a way that the chart can put its own for", () => {
    for (const { expr } of alerts) {
      const ours = readQuery(expr).metrics.map(({ labels }) => labels[0]);

      expect(ours.length).toBeGreaterThan(0);
      expect(new Set(ours)).toEqual(new Set(["fleet_run"]));
      expect(expr.split('fleet_run=~".+"')).toHaveLength(ours.length + 1);
    }
  });
});

/** What a metric is called in a query, with its labels. */
function seriesOf(name: string, { kind, labels }: Metric): [string, string[]][] {
  const plain = prometheusName(name, kind);
  const all = [...OF_EVERY_SERIES, ...labels];
  if (kind !== "histogram") return [[plain, all]];
  return [
    [`${plain}_bucket`, [...all, "le"]],
    [`${plain}_sum`, all],
    [`${plain}_count`, all],
  ];
}

function labelsOf(query: string): Set<string> {
  const { metrics, words } = readQuery(query);
  return new Set([...metrics.map(({ name }) => name), ...words].flatMap((name) => known.get(name) ?? []));
}

/** Names in a query that mean nothing. */
function strangersIn(query: string): string[] {
  const { metrics, grouping, words } = readQuery(query);
  return [
    ...metrics.filter(({ name }) => !known.has(name)).map(({ name }) => name),
    ...metrics.flatMap(({ name, labels }) => labels.filter((label) => !known.get(name)?.includes(label))),
    ...grouping.filter((label) => !labelsOf(query).has(label)),
    ...words.filter((word) => !LANGUAGE.includes(word) && !known.has(word)),
  ];
}

function overlap(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
