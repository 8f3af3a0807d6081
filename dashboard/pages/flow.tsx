import type { LaneView } from "../index.ts";
import { count } from "../numbers.ts";

const WIDTH = 720;
const HEIGHT = 190;
const BAR = 12;
const GAP = 8;
const LEAST = 1.5;

interface Part {
  readonly name: keyof LaneView & string;
  readonly samples: number;
  readonly tone: string;
}

/** How samples flow from issued to their ends: widths are their numbers. */
export function Flow({ lane }: { readonly lane: LaneView }) {
  const part = (name: Part["name"], tone: string): Part => ({ name, samples: Number(lane[name]), tone });
  const first = [
    part("accepted", "good"),
    part("outstanding", "open"),
    part("expired", "lost"),
    part("rejected", "bad"),
  ].filter(({ samples }) => samples > 0);
  const second = [
    part("trained", "good"),
    part("evaluated", "good"),
    part("waiting", "open"),
    part("skipped", "lost"),
  ].filter(({ samples }) => samples > 0);
  const scale = (HEIGHT - GAP * Math.max(first.length, second.length)) / Math.max(1, lane.issued);
  const middle = stack(first, scale);
  const ends = stack(second, scale);
  const accepted = middle.find(({ name }) => name === "accepted");
  return (
    <svg
      class="flow"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={describe(lane, [...first, ...second])}
    >
      <rect class="open" x={0} y={0} width={BAR} height={Math.max(LEAST, lane.issued * scale)} />
      <text x={BAR + 6} y={14}>
        issued {count(lane.issued)}
      </text>
      {bands(middle, 0, BAR, 300)}
      {middle.map((box) => (
        <Box key={box.name} box={box} x={300} />
      ))}
      {accepted !== undefined && bands(ends, accepted.y, 300 + BAR, 580)}
      {ends.map((box) => (
        <Box key={box.name} box={box} x={580} />
      ))}
    </svg>
  );
}

interface Placed extends Part {
  readonly y: number;
  readonly height: number;
  /** Where its band begins, counted from the top of what it comes from. */
  readonly from: number;
}

function stack(parts: readonly Part[], scale: number): Placed[] {
  let y = 0;
  let from = 0;
  return parts.map((part) => {
    const height = Math.max(LEAST, part.samples * scale);
    const placed = { ...part, y, height, from };
    y += height + GAP;
    from += part.samples * scale;
    return placed;
  });
}

function bands(boxes: readonly Placed[], top: number, x0: number, x1: number) {
  const middle = (x0 + x1) / 2;
  return boxes.map(({ name, y, height, from, tone }) => {
    const a = top + from;
    const b = a + height;
    const path = `M${x0},${a} C${middle},${a} ${middle},${y} ${x1},${y} V${y + height} C${middle},${y + height} ${middle},${b} ${x0},${b} Z`;
    return <path key={name} class={`band ${tone}`} d={path} />;
  });
}

function Box({ box: { name, samples, tone, y, height }, x }: { readonly box: Placed; readonly x: number }) {
  return (
    <g>
      <rect class={tone} x={x} y={y} width={BAR} height={height} />
      <text x={x + BAR + 6} y={Math.min(HEIGHT - 2, y + Math.max(10, Math.min(14, height / 2 + 4)))}>
        {name} {count(samples)}
      </text>
    </g>
  );
}

function describe({ issued }: LaneView, parts: readonly Part[]): string {
  return `${count(issued)} issued: ${parts.map(({ name, samples }) => `${count(samples)} ${name}`).join(", ")}`;
}
