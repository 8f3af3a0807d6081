import type { Board, Curve, Panel, Row } from "./board.ts";

/** Of Grafana's model of a dashboard; that of Grafana 10.0, which later ones take over by themselves. */
const SCHEMA = 38;
const COLUMNS = 24;
const PANEL = { w: 8, h: 8 };
const SOURCE = { type: "prometheus", uid: "$datasource" };
const TAG = "rollout-fleet";
/** Over how long rates are taken; steps may take minutes. */
const WINDOWS = ["1m", "5m", "15m", "1h", "6h"];
const WINDOW = "5m";

/** A board as Grafana's JSON model. */
export function grafanaDashboard({ uid, title, about, rows }: Board): object {
  return {
    uid,
    title,
    description: about,
    tags: [TAG],
    schemaVersion: SCHEMA,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    timezone: "",
    annotations: { list: [] },
    links: [
      {
        type: "dashboards",
        title: TAG,
        tags: [TAG],
        asDropdown: false,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        icon: "external link",
        tooltip: "",
        url: "",
      },
    ],
    templating: { list: [sourceVariable(), runVariable(), windowVariable()] },
    panels: laidOut(rows),
  };
}

function sourceVariable() {
  return {
    name: "datasource",
    label: "Prometheus",
    type: "datasource",
    query: "prometheus",
    refresh: 1,
    hide: 0,
    multi: false,
    includeAll: false,
    options: [],
  };
}

function runVariable() {
  return {
    name: "run",
    label: "Run",
    type: "query",
    datasource: SOURCE,
    query: { query: "label_values(fleet_run_step, fleet_run)", refId: "run" },
    refresh: 2,
    sort: 1,
    hide: 0,
    multi: true,
    includeAll: true,
    allValue: ".+",
    options: [],
    current: { selected: true, text: ["All"], value: ["$__all"] },
  };
}

function windowVariable() {
  const options = WINDOWS.map((value) => ({ text: value, value, selected: value === WINDOW }));
  return {
    name: "window",
    label: "Rates over",
    type: "interval",
    query: WINDOWS.join(","),
    refresh: 2,
    hide: 0,
    options,
    current: options.find(({ selected }) => selected),
  };
}

/** Rows from top to bottom, their panels from left to right. */
function laidOut(rows: readonly Row[]): object[] {
  const laid: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    laid.push({
      id: laid.length + 1,
      type: "row",
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y += 1;
    for (const [i, panel] of panels.entries()) {
      const x = (i * PANEL.w) % COLUMNS;
      if (i > 0 && x === 0) y += PANEL.h;
      laid.push({ id: laid.length + 1, ...grafanaPanel(panel), gridPos: { x, y, ...PANEL } });
    }
    y += PANEL.h;
  }
  return laid;
}

function grafanaPanel({ title, about, unit, curves, as = "curves" }: Panel): object {
  const common = { title, description: about, datasource: SOURCE, targets: curves.map(grafanaTarget) };
  if (as === "value") {
    return {
      ...common,
      type: "stat",
      fieldConfig: { defaults: { unit }, overrides: [] },
      options: {
        colorMode: "none",
        graphMode: "none",
        justifyMode: "auto",
        orientation: "auto",
        textMode: "value_and_name",
        reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
      },
    };
  }
  const stacking = as === "stack" ? { mode: "normal", group: "A" } : { mode: "none", group: "A" };
  return {
    ...common,
    type: "timeseries",
    fieldConfig: {
      defaults: {
        unit,
        custom: {
          drawStyle: "line",
          lineWidth: 1,
          fillOpacity: as === "stack" ? 30 : 0,
          showPoints: "auto",
          spanNulls: false,
          stacking,
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] },
      tooltip: { mode: "multi", sort: "desc" },
    },
  };
}

function grafanaTarget({ query, legend }: Curve, i: number): object {
  return {
    refId: String.fromCharCode(65 + i),
    datasource: SOURCE,
    editorMode: "code",
    expr: query,
    legendFormat: legend,
    range: true,
    instant: false,
  };
}
