/**
 * docs/scaling.svg: a panel a scenario. The areas are the workers of our pools, the lines the whole fleet of the policy
 * that knows the future and of the one on queue length, all in tokens/s that they could sample.
 *
 * @module
 */
import type { Comparison } from "./compare.ts";
import type { Figures, Look } from "./figures.ts";
import type { Scenario } from "./scenarios.ts";

const PANEL = { width: 620, height: 110, gap: 44, left: 52, top: 54 };
const TEXT_LEFT = PANEL.left + PANEL.width + 16;
const WIDTH = TEXT_LEFT + 300;
const COLORS_P = ["#c2703d", "#3d7ec2", "#7fb069"];
const LINES = { clairvoyant: "#222222", queueLength: "#999999" };
const MOST_MINUTES = 180;

/** Draws every scenario. */
export function drawPicture(comparisons: readonly Comparison[]): string {
  const height = PANEL.top + comparisons.length * (PANEL.height + PANEL.gap);
  const names = comparisons[0]?.scenario.pools.map(({ name }) => name) ?? [];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...legend(names),
    ...comparisons.map((comparison, row) => panel(comparison, PANEL.top + row * (PANEL.height + PANEL.gap))),
    "</svg>",
    "",
  ].join("\n");
}

function legend(pools: readonly string[]): string[] {
  const entries = [
    ...pools.map((name, p) => ({ name: `fleet: ${name}`, mark: `fill="${COLORS_P[p]}"`, isLine: false })),
    { name: "knows the future", mark: stroke(LINES.clairvoyant, false), isLine: true },
    { name: "queue length", mark: stroke(LINES.queueLength, true), isLine: true },
    { name: "fleet: the updater waits", mark: 'fill="#d62728"', isLine: false },
  ];
  return entries.map(({ name, mark, isLine }, i) => {
    const x = PANEL.left + i * 138;
    const sign = isLine
      ? `<line x1="${x}" x2="${x + 14}" y1="17" y2="17" ${mark}/>`
      : `<rect x="${x}" y="12" width="12" height="10" ${mark}/>`;
    return `${sign}<text x="${x + 18}" y="21">${name}</text>`;
  });
}

function panel({ scenario, ours, clairvoyant, queueLength }: Comparison, top: number): string {
  const most = capacity(scenario);
  const scale = { x: PANEL.width / (MOST_MINUTES * 60), y: PANEL.height / most, top };
  const bottom = top + PANEL.height;
  return [
    `<text x="${PANEL.left}" y="${top - 6}"><tspan font-weight="bold">${scenario.name}</tspan>: ${scenario.title}</text>`,
    ...axes(most, scale),
    ...scenario.pools.map((_, p) => area(ours.looks, scenario, p, scale)),
    line(clairvoyant.looks, scenario, scale, stroke(LINES.clairvoyant, false)),
    line(queueLength.looks, scenario, scale, stroke(LINES.queueLength, true)),
    starvedMarks(ours.looks, scale),
    ...figures({ fleet: ours, "knows the future": clairvoyant, "queue length": queueLength }, top),
    `<line x1="${PANEL.left}" x2="${PANEL.left + PANEL.width}" y1="${bottom}" y2="${bottom}" stroke="#444444"/>`,
  ].join("\n");
}

interface Scale {
  readonly x: number;
  readonly y: number;
  readonly top: number;
}

function axes(most: number, { x, y, top }: Scale): string[] {
  const bottom = top + PANEL.height;
  const marks: string[] = [];
  for (let minutes = 0; minutes <= MOST_MINUTES; minutes += 30) {
    const at = round(PANEL.left + minutes * 60 * x);
    const unit = minutes === MOST_MINUTES ? " min" : "";
    marks.push(
      `<text x="${at}" y="${bottom + 13}" text-anchor="middle" fill="#666666">${minutes}${unit}</text>`,
    );
  }
  for (let rate = 0; rate <= most; rate += 2_000) {
    const at = round(bottom - rate * y);
    marks.push(
      `<line x1="${PANEL.left}" x2="${PANEL.left + PANEL.width}" y1="${at}" y2="${at}" stroke="#e5e5e5"/>`,
      `<text x="${PANEL.left - 5}" y="${at + 4}" text-anchor="end" fill="#666666">${rate / 1_000}k/s</text>`,
    );
  }
  return marks;
}

/** The workers of pool `p`, on top of those of the pools after it. */
function area(looks: readonly Look[], scenario: Scenario, p: number, scale: Scale): string {
  const upper = steps(looks, (look) => rateOf(look, scenario, p), scale);
  const lower = steps(looks, (look) => rateOf(look, scenario, p + 1), scale).reverse();
  return `<polygon points="${[...upper, ...lower].join(" ")}" fill="${COLORS_P[p]}"/>`;
}

function line(looks: readonly Look[], scenario: Scenario, scale: Scale, style: string): string {
  const points = steps(looks, (look) => rateOf(look, scenario, 0), scale);
  return `<polyline points="${points.join(" ")}" fill="none" ${style}/>`;
}

/** Corners of a line that goes in steps. */
function steps(looks: readonly Look[], rate: (look: Look) => number, { x, y, top }: Scale): string[] {
  const points: string[] = [];
  let before: number | undefined;
  const corner = (atSeconds: number, value: number) =>
    points.push(`${round(PANEL.left + atSeconds * x)},${round(top + PANEL.height - value * y)}`);
  for (const look of looks) {
    const value = rate(look);
    if (value === before) continue;
    if (before !== undefined) corner(look.atSeconds, before);
    corner(look.atSeconds, value);
    before = value;
  }
  corner(looks.at(-1)?.atSeconds ?? 0, before ?? 0);
  return points;
}

/** Of the pools from `from` on. */
function rateOf({ podsP }: Look, { pools }: Scenario, from: number): number {
  return pools.reduce(
    (sum, { tokensPerSecond }, p) => sum + (p < from ? 0 : tokensPerSecond * (podsP[p] ?? 0)),
    0,
  );
}

function starvedMarks(looks: readonly Look[], { x, top }: Scale): string {
  const width = round((looks[1]?.atSeconds ?? 0) * x + 0.2);
  const marks = looks
    .filter(({ isStarved }) => isStarved)
    .map(({ atSeconds }) => `M${round(PANEL.left + atSeconds * x)},${top}h${width}v5h-${width}z`);
  return `<path d="${marks.join("")}" fill="#d62728"/>`;
}

function figures(byPolicy: Readonly<Record<string, Figures>>, top: number): string[] {
  const columns = [130, 175, 225, 265, 298].map((x) => TEXT_LEFT + x);
  const row = (cells: readonly string[], y: number, color: string) =>
    cells.map((cell, i) => {
      const place = i === 0 ? `x="${TEXT_LEFT}"` : `x="${columns[i - 1]}" text-anchor="end"`;
      return `<text ${place} y="${y}" fill="${color}">${cell}</text>`;
    });
  return [
    ...row(["", "idle", "starved", "stale", "turns", "cost"], top + 14, "#666666"),
    ...Object.entries(byPolicy).flatMap(([name, of], i) =>
      row(
        [
          name,
          percent(of.idleShare),
          percent(of.starvedShare),
          percent(of.staleShare),
          of.directionChanges.toFixed(1),
          of.cost.toFixed(1),
        ],
        top + 36 + 20 * i,
        "#222222",
      ),
    ),
  ];
}

function capacity({ pools }: Scenario): number {
  return pools.reduce((sum, { max, tokensPerSecond }) => sum + max * tokensPerSecond, 0);
}

function stroke(color: string, isDashed: boolean): string {
  return `stroke="${color}" stroke-width="1.3"${isDashed ? ' stroke-dasharray="4 3"' : ""}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
