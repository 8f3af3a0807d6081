import type { HeldOut, Interval } from "../../coordinator/index.ts";
import { change, decimal, percent, percentChange } from "./numbers.ts";
import { table } from "./table.ts";

type Scores = HeldOut["before"][number];
type Measure = "reward" | "formatRate" | "exactRate";

const MEASURES = [
  { measure: "reward", name: "reward", show: decimals, showChange: decimalChange },
  { measure: "formatRate", name: "well-formed", show: shares, showChange: shareChange },
  { measure: "exactRate", name: "repaired", show: shares, showChange: shareChange },
] as const satisfies { measure: Measure; [key: string]: unknown }[];

/** Scores on held-out tasks before and after, and their change with its 95 % interval; empty without an evaluation after. */
export function heldOutTable({ before, after, change: changes }: HeldOut): string {
  const [any] = changes;
  if (any === undefined) return "";
  const rows = changes.flatMap(({ temperature, ...entry }) =>
    MEASURES.map(({ measure, name, show, showChange }) => [
      `${temperature === 0 ? "greedy" : `T = ${temperature}`} ${name}`,
      show(scoreOf(before, temperature, measure)),
      show(scoreOf(after, temperature, measure)),
      ...interval(entry[measure], showChange),
    ]),
  );
  return table([`held-out, ${any.pairs} tasks`, "before", "after", "change", "95 %"], rows);
}

function scoreOf(scores: readonly Scores[], temperature: number, measure: Measure): number | undefined {
  return scores.find((entry) => entry.temperature === temperature)?.[measure];
}

function interval({ mean, low, high }: Interval, show: (value: number) => string): [string, string] {
  return [show(mean), `${show(low)} to ${show(high)}`];
}

function decimals(value: number | undefined): string {
  return value === undefined ? "?" : decimal(value, 3);
}

function shares(value: number | undefined): string {
  return value === undefined ? "?" : percent(value, 1);
}

function decimalChange(value: number): string {
  return change(value, 3);
}

function shareChange(value: number): string {
  return percentChange(value, 1);
}
