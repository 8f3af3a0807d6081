import { decimal, percent } from "./numbers.ts";
import { widthOf } from "./visible.ts";

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const MOST_ROWS = 24;

/** Counts rewards by tenths, with what is exactly −1 or 1 apart. */
export interface Histogram {
  add(reward: number): void;
  /** One row a stretch, from the lowest to the highest reward; at most `columns` wide. */
  text(columns: number): string;
}

/** An empty histogram. */
export function createHistogram(): Histogram {
  const tenths = new Map<number, number>();
  const ends = new Map([
    [-1, 0],
    [1, 0],
  ]);
  let total = 0;
  return {
    add: (reward) => {
      total++;
      const counts = ends.has(reward) ? ends : tenths;
      const key = ends.has(reward) ? reward : Math.floor(reward * 10);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    text: (columns) => {
      const end = (value: number): Row[] => {
        const count = ends.get(value) as number;
        return count === 0 ? [] : [{ label: decimal(value, 0), from: value, count }];
      };
      const rows = [...end(-1), ...end(1), ...stretches(tenths)];
      return draw(
        rows.sort((a, b) => a.from - b.from),
        total,
        columns,
      );
    },
  };
}

interface Row {
  readonly label: string;
  readonly from: number;
  readonly count: number;
}

/** The tenths as rows without a gap between them, several to a row where they are many. */
function stretches(tenths: ReadonlyMap<number, number>): Row[] {
  if (tenths.size === 0) return [];
  const keys = [...tenths.keys()];
  const first = Math.min(...keys);
  const last = Math.max(...keys);
  const step = Math.ceil((last - first + 1) / MOST_ROWS);
  const rows: Row[] = [];
  for (let from = Math.floor(first / step) * step; from <= last; from += step) {
    const label = `${decimal(from / 10, 1)} to ${decimal((from + step) / 10, 1)}`;
    const counts = Array.from({ length: step }, (_, at) => tenths.get(from + at) ?? 0);
    rows.push({ label, from: from / 10, count: counts.reduce((sum, count) => sum + count, 0) });
  }
  return rows;
}

function draw(rows: readonly Row[], total: number, columns: number): string {
  const most = Math.max(...rows.map(({ count }) => count), 1);
  const lines = rows.map(({ label, count }) => [label, String(count), percent(count / total, 1)] as const);
  const width = (cell: 0 | 1 | 2) => Math.max(...lines.map((line) => widthOf(line[cell])), 0);
  const taken = width(0) + width(1) + width(2) + 6;
  const bar = Math.max(0, Math.min(40, columns - taken));
  return lines
    .map(([label, count, share], index) => {
      const drawn = barOf((rows[index] as Row).count / most, bar);
      return `${label.padStart(width(0))}  ${count.padStart(width(1))}  ${share.padStart(width(2))}  ${drawn}`.trimEnd();
    })
    .join("\n");
}

/** A bar of a share of `columns`, to an eighth of one. */
export function barOf(share: number, columns: number): string {
  const eighths = Math.round(share * columns * 8);
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
