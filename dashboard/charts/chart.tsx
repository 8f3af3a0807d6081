import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { decimal, duration, percent, short } from "../numbers.ts";
import { useTheme } from "../theme.ts";
import type { Axis, ChartSpec, Line } from "./series.ts";
import { smooth } from "./smooth.ts";

interface ChartProps {
  readonly spec: Pick<ChartSpec, "title" | "about" | "unit">;
  readonly axis: Axis;
  /** Weight of what was before, 0 … 1. */
  readonly smoothing: number;
  readonly lines: readonly Line[];
}

const HEIGHT = 168;
const SHOW: Readonly<Record<ChartSpec["unit"], (value: number) => string>> = {
  number: short,
  share: (value: number) => percent(value, 1),
  seconds: duration,
};
const SYNC = "curves";

/** One chart: lines over steps or time, with their values at the cursor in the legend. */
export function Chart({ spec, axis, smoothing, lines }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const shownPlot = useRef<uPlot | null>(null);
  const drawn = lines.filter(({ points }) => points.length > 0);
  const shape = drawn.map((line) => `${line.name} ${isSmoothed(line, smoothing)}`).join("; ");
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const options = optionsOf(spec, axis, drawn, smoothing, element);
    const plot = new uPlot(options, dataOf(drawn, smoothing), element);
    shownPlot.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      shownPlot.current = null;
    };
  }, [spec, axis, shape, theme]);
  useEffect(() => {
    const plot = shownPlot.current;
    if (plot === null) return;
    const wasZoomed = isZoomed(plot);
    plot.setData(dataOf(drawn, smoothing), !wasZoomed);
    if (wasZoomed) plot.redraw();
  }, [lines, smoothing]);
  const isEmpty = lines.every(({ points }) => points.length === 0);
  const last = lines[0]?.points.at(-1)?.[1];
  return (
    <figure class="chart" aria-label={describe(spec, lines)}>
      <figcaption title={spec.about}>
        <span class="chart-title">{spec.title}</span>
        <span class="chart-last">{last === undefined ? "" : SHOW[spec.unit](last)}</span>
      </figcaption>
      {isEmpty ? <p class="quiet chart-empty">no step is over yet</p> : <div class="plot" ref={place} />}
      <p class="chart-about">{spec.about}</p>
    </figure>
  );
}

/** Whether a part of its points is shown that was chosen by hand: it stays when new ones come. */
function isZoomed({ data: [xs], scales }: uPlot): boolean {
  const { min, max } = scales["x"] ?? {};
  return (min ?? 0) > (xs[0] ?? 0) || (max ?? 0) < (xs.at(-1) ?? 0);
}

function describe({ title, about, unit }: ChartProps["spec"], lines: readonly Line[]): string {
  const ends = lines
    .filter(({ points }) => points.length > 0)
    .map(
      ({ name, points }) =>
        `${name} from ${SHOW[unit](points[0]?.[1] ?? 0)} to ${SHOW[unit](points.at(-1)?.[1] ?? 0)}`,
    );
  return `${title}: ${about}. ${ends.join("; ")}`;
}

/** One list of x for all lines; null where a line has no point. */
function dataOf(lines: readonly Line[], smoothing: number): uPlot.AlignedData {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const rows = lines.flatMap((line) => {
    const at = new Map(line.points);
    const raw = xs.map((x) => at.get(x) ?? null);
    return isSmoothed(line, smoothing) ? [raw, smooth(raw, smoothing)] : [raw];
  });
  return [xs, ...rows];
}

function isSmoothed({ isSparse }: Line, smoothing: number): boolean {
  return smoothing > 0 && !isSparse;
}

function optionsOf(
  { unit }: ChartProps["spec"],
  axis: Axis,
  lines: readonly Line[],
  smoothing: number,
  element: HTMLElement,
): uPlot.Options {
  const colours = getComputedStyle(element);
  const colour = (name: string) => colours.getPropertyValue(name).trim();
  const show = SHOW[unit];
  const showX = (x: number) => (axis === "step" ? `step ${x}` : duration(x));
  const frame = {
    stroke: colour("--quiet"),
    font: `11px ${colour("--sans")}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    cursor: { sync: { key: SYNC }, points: { size: 6 } },
    legend: { live: true },
    scales: {
      x: { time: false, range: (_, least, most) => (least === most ? [least - 1, most + 1] : [least, most]) },
      y: { range: (_, least, most) => rangeOf(least, most) },
    },
    axes: [
      {
        ...frame,
        size: 26,
        space: 56,
        values: (_, ticks) =>
          ticks.map((x) => (axis === "step" ? (Number.isInteger(x) ? String(x) : "") : clock(x))),
      },
      {
        ...frame,
        size: 52,
        space: 30,
        values: (_, ticks, _axis, _space, step) => ticks.map((y) => tick(y, step, unit)),
      },
    ],
    series: [
      { label: "at", value: (_, x: number | null) => (x === null ? "" : showX(x)) },
      ...lines.flatMap((line) => seriesOf(line, isSmoothed(line, smoothing), colour, show)),
    ],
  };
}

function seriesOf(
  line: Line,
  hasSmooth: boolean,
  colour: (name: string) => string,
  show: (value: number) => string,
): uPlot.Series[] {
  const stroke = colour(`--series-${line.colour % 4}`);
  const series: uPlot.Series = {
    label: line.name,
    stroke,
    width: line.isSparse ? 1.25 : 1.75,
    spanGaps: true,
    value: (_, y: number | null) => (y === null ? "" : show(y)),
    points: line.isSparse ? { show: true, size: 6, fill: stroke } : { show: line.points.length < 2, size: 5 },
    ...(line.isOther && { dash: [4, 3] }),
  };
  if (!hasSmooth) return [series];
  const faint = { ...series, width: 1, stroke: `color-mix(in srgb, ${stroke} 28%, transparent)` };
  return [{ ...faint, class: "raw" }, series];
}

/** A little room above and below; a flat line in the middle. */
function rangeOf(least: number, most: number): [number, number] {
  if (least !== most) return uPlot.rangeNum(least, most, 0.1, true) as [number, number];
  const room = least === 0 ? 1 : Math.abs(least) * 0.1;
  return least === 0 ? [0, room] : [least - room, most + room];
}

/** `40 s`, `1:20`, `2:00:00` */
function clock(seconds: number): string {
  if (seconds < 60) return duration(seconds);
  const part = (value: number) => String(Math.floor(value) % 60).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return hours > 0
    ? `${hours}:${part(seconds / 60)}:${part(seconds)}`
    : `${Math.floor(seconds / 60)}:${part(seconds)}`;
}

/** With as many digits as tell two neighbours apart. */
function tick(value: number, step: number, unit: ChartSpec["unit"]): string {
  if (unit === "seconds") return clock(value);
  const scale = unit === "share" ? 100 : 1;
  if (Math.abs(value) * scale >= 1e4) return short(value * scale);
  const digits = Math.max(0, Math.ceil(-Math.log10(step * scale) - 1e-9));
  return digits > 4 ? short(value) : `${decimal(value * scale, digits)}${unit === "share" ? " %" : ""}`;
}
