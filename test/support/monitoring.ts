import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";

/** A rule as Prometheus's rule files have it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One query of a board as it is shipped. */
export interface BoardQuery {
  readonly board: string;
  readonly panel: string;
  readonly query: string;
  readonly legend: string;
}

/** Where a panel is on its board. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
  readonly panels: readonly {
    readonly title: string;
    readonly gridPos: Place;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const BOARDS = "helm/boards";
export const RULES = "helm/alerts/rules.yaml";

/** Grafana's boards as they are shipped, by name. */
export function readBoards(): Map<string, Dashboard> {
  const files = readdirSync(BOARDS).sort();
  return new Map(
    files.map((file) => [basename(file, ".json"), JSON.parse(readFileSync(join(BOARDS, file), "utf8"))]),
  );
}

/** Every query of every board. */
export function boardQueries(): BoardQuery[] {
  return [...readBoards()].flatMap(([board, { panels }]) =>
    panels.flatMap(({ title: panel, targets = [] }) =>
      targets.map(({ expr, legendFormat }) => ({ board, panel, query: expr, legend: legendFormat })),
    ),
  );
}

/** Every alert, as it is shipped. */
export function readAlerts(): AlertRule[] {
  const { groups } = parse(readFileSync(RULES, "utf8")) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}
