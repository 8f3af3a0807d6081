import type { Curves, StepPoint } from "../index.ts";

/** What a chart's x axis counts. */
export type Axis = "step" | "time";

/** A line of a chart. */
export interface Line {
  readonly name: string;
  /** Of the palette, from 0. */
  readonly colour: number;
  /** Whether it is another run's, drawn dashed. */
  readonly isOther: boolean;
  /** Whether its points are few and far between, so that each is marked. */
  readonly isSparse: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A chart of the run page. */
export interface ChartSpec {
  readonly title: string;
  /** What it means, for who has not seen one. */
  readonly about: string;
  readonly unit: "number" | "share" | "seconds";
  lines(curves: Curves): readonly Omit<Line, "points" | "isOther">[];
  /** The value of line `name` at a step; null where there is none. */
  value(step: StepPoint, name: string): number | null;
  /** Points of a line that is not by step. */
  heldOut?: "reward" | "exactRate" | "formatRate";
}

/** Where each step lies on an axis: its number, or seconds since the run's start. */
export function positions(curves: Curves, axis: Axis): Map<number, number> {
  let seconds = 0;
  return new Map(
    curves.steps.map((point) => {
      seconds += point.seconds.step;
      return [point.step, axis === "step" ? point.step : seconds];
    }),
  );
}

/** The lines of a chart over a run's curves. */
export function linesOf(spec: ChartSpec, curves: Curves, axis: Axis, isOther: boolean): Line[] {
  const at = positions(curves, axis);
  const trained = spec.lines(curves).map((line): Line => {
    const points = curves.steps.flatMap((step) => {
      const value = spec.value(step, line.name);
      return value === null || !Number.isFinite(value) ? [] : [[at.get(step.step) ?? 0, value] as const];
    });
    return { ...line, isOther, points };
  });
  return [...trained, ...heldOutLines(spec, curves, at, isOther)];
}

function heldOutLines(
  { heldOut }: ChartSpec,
  { heldOut: rounds }: Curves,
  at: ReadonlyMap<number, number>,
  isOther: boolean,
): Line[] {
  if (heldOut === undefined) return [];
  const temperatures = [...new Set(rounds.map(({ temperature }) => temperature))];
  return temperatures.map((temperature, i) => ({
    name: `held-out, ${temperature === 0 ? "greedy" : `T = ${temperature}`}`,
    colour: 1 + i,
    isOther,
    isSparse: true,
    points: rounds
      .filter((round) => round.temperature === temperature)
      .map((round) => [at.get(round.version) ?? 0, round[heldOut]] as const),
  }));
}
