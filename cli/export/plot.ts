import type { Summary } from "../../coordinator/index.ts";
import { type Point, pointsOf } from "./series.ts";

/** What is drawn: a panel each, with its curves. */
const PANELS: readonly { readonly title: string; readonly curves: Readonly<Record<string, string>> }[] = [
  { title: "reward", curves: { "train/reward": "training", "held_out_at_0/reward": "held out, greedy" } },
  {
    title: "share of replies",
    curves: { "train/format_rate": "well-formed", "train/exact_rate": "the true change" },
  },
  { title: "KL divergence, nats", curves: { "train/kl": "from the reference" } },
  { title: "entropy, nats", curves: { "train/entropy": "at sampled tokens" } },
  { title: "trainer over sampler", curves: { "train/ratio_mean": "mean", "train/ratio_max": "largest" } },
  { title: "gradient norm", curves: { "train/gradient_norm": "before clipping" } },
  {
    title: "seconds of a step",
    curves: {
      "seconds/step": "whole",
      "seconds/wait": "updater waited",
      "seconds/forward": "forward",
      "seconds/backward": "backward",
    },
  },
  {
    title: "staleness, versions",
    curves: { "train/staleness_mean": "mean", "train/staleness_max": "largest" },
  },
];

const COLORS = ["#1f6fb4", "#c2703d", "#3a8f5c", "#7a7a7a"];
const PANEL = { width: 400, height: 150, left: 58, top: 44, right: 18, bottom: 26 };
const ACROSS = 2;
const CELL = {
  width: PANEL.left + PANEL.width + PANEL.right,
  height: PANEL.top + PANEL.height + PANEL.bottom,
};
const TICKS = 4;
const MOST_DIGITS = 5;
/** Least height of a panel, relative to what it shows and in itself. */
const LEAST_SPAN = 1e-3;
const TINY = 1e-9;
const HEADER = 30;

/** The curves of a run as SVG. */
export function plotRun(summary: Pick<Summary, "run" | "steps" | "heldOut">): string {
  const byName = Map.groupBy(pointsOf(summary), ({ name }) => name);
  const last = Math.max(1, ...summary.steps.map(({ step }) => step));
  const panels = PANELS.filter(({ curves }) => Object.keys(curves).some((name) => byName.has(name)));
  const [width, height] = [ACROSS * CELL.width, HEADER + Math.ceil(panels.length / ACROSS) * CELL.height];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${PANEL.left}" y="20" font-size="14" font-weight="bold">${escaped(summary.run)}, ${summary.steps.length} steps</text>`,
    ...panels.map(({ title, curves }, index) => {
      const x = (index % ACROSS) * CELL.width;
      const y = HEADER + Math.floor(index / ACROSS) * CELL.height;
      return `<g transform="translate(${x} ${y})">${drawPanel(title, curves, byName, last)}</g>`;
    }),
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel(
  title: string,
  curves: Readonly<Record<string, string>>,
  byName: ReadonlyMap<string, readonly Point[]>,
  last: number,
): string {
  const drawn = Object.entries(curves).flatMap(([name, label]) => {
    const points = (byName.get(name) ?? []).filter(({ value }) => Number.isFinite(value));
    return points.length === 0 ? [] : [{ label, points }];
  });
  const values = drawn.flatMap(({ points }) => points.map(({ value }) => value));
  const ticks = ticksOf(values);
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const x = (step: number) => PANEL.left + (PANEL.width * step) / last;
  const y = (value: number) => PANEL.top + PANEL.height * (1 - (value - low) / (high - low));
  const right = PANEL.left + PANEL.width;
  const bottom = PANEL.top + PANEL.height;
  return [
    `<text x="${PANEL.left}" y="16" font-weight="bold">${title}</text>`,
    ...drawn.map(({ label }, i) => {
      const at = PANEL.left + i * 110;
      return `<line x1="${at}" x2="${at + 14}" y1="30" y2="30" stroke="${COLORS[i]}" stroke-width="2"/><text x="${at + 18}" y="34">${label}</text>`;
    }),
    ...ticks.map(
      (tick) =>
        `<line x1="${PANEL.left}" x2="${right}" y1="${rounded(y(tick))}" y2="${rounded(y(tick))}" stroke="#e4e4e4"/><text x="${PANEL.left - 6}" y="${rounded(y(tick) + 4)}" text-anchor="end">${labelOf(tick, (high - low) / (ticks.length - 1))}</text>`,
    ),
    `<text x="${PANEL.left}" y="${bottom + 16}">0</text><text x="${right}" y="${bottom + 16}" text-anchor="end">step ${last}</text>`,
    ...drawn.map(({ points }, i) => {
      const path = points.map(({ step, value }) => `${rounded(x(step))},${rounded(y(value))}`).join(" ");
      const marks =
        points.length > 12 ? "" : points.map(({ step, value }) => dot(x(step), y(value), i)).join("");
      return `<polyline points="${path}" fill="none" stroke="${COLORS[i]}" stroke-width="1.5"/>${marks}`;
    }),
  ].join("");
}

/** Round values from below the lowest to above the highest, evenly apart. */
function ticksOf(values: readonly number[]): number[] {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  // What differs by less is rounding, and would fill the panel.
  const span = Math.max(highest - lowest, Math.max(Math.abs(lowest), Math.abs(highest)) * LEAST_SPAN, TINY);
  const middle = (lowest + highest) / 2;
  const step = roundStep(span / TICKS);
  const first = Math.floor((middle - span / 2) / step);
  const last = Math.ceil((middle + span / 2) / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** 1, 2 or 5 times a power of ten, no less than `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function dot(x: number, y: number, curve: number): string {
  return `<circle cx="${rounded(x)}" cy="${rounded(y)}" r="2" fill="${COLORS[curve]}"/>`;
}

function rounded(value: number): string {
  return value.toFixed(1);
}

/** With the digits that tell it from its neighbours, such as 0.25, 12 or 2e-9. */
function labelOf(tick: number, step: number): string {
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  if (tick === 0) return "0";
  return digits > MOST_DIGITS ? tick.toExponential(0) : tick.toFixed(digits);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
