import type { FinishedSpan } from "../../telemetry/index.ts";
import { decimal } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./visible.ts";

/** How wide a waterfall may be, and its colours. */
export interface WaterfallView {
  readonly columns: number;
  readonly paint: Paint;
}

/** What is said of a span in the terminal, in this order. */
const TOLD = [
  ["fleet.worker", (value: unknown) => String(value)],
  ["fleet.policy.version", (value: unknown) => `policy ${value}`],
  ["fleet.tokens", (value: unknown) => `${value} tokens`],
  ["fleet.tokens_per_second", (value: unknown) => `${decimal(Number(value), 0)}/s`],
  ["gen_ai.usage.input_tokens", (value: unknown) => `prompt ${value}`],
  ["fleet.reward", (value: unknown) => `reward ${decimal(Number(value), 4)}`],
  ["fleet.reward.verdict", (value: unknown) => String(value)],
  ["fleet.step", (value: unknown) => `step ${value}`],
  ["fleet.outcomes", (value: unknown) => (value as readonly string[]).join(", ")],
] as const;

const LEAST_BAR = 20;
const GAP = "  ";

/** A trace as a tree beside a bar for each span, on one axis of time from its first to its last moment. */
export function waterfall(spans: readonly FinishedSpan[], { columns, paint }: WaterfallView): string {
  const from = Math.min(...spans.map(({ startMs }) => startMs));
  const until = Math.max(...spans.map(({ endMs }) => endMs));
  const rows = treeOf(spans).map(({ span, depth }) => ({
    span,
    name: `${"  ".repeat(depth)}${nameOf(span)}`,
    length: lengthOf(span.endMs - span.startMs),
    note: noteOf(span),
  }));
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const lengthWidth = Math.max(...rows.map(({ length }) => length.length));
  const barWidth = Math.max(LEAST_BAR, Math.floor((columns - nameWidth - lengthWidth - 2 * GAP.length) / 2));
  const noteWidth = columns - nameWidth - lengthWidth - barWidth - 3 * GAP.length;
  const lines = rows.map(({ span, name, length, note }) => {
    const bar = barOf(span, from, until, barWidth);
    const shown = note.length > noteWidth ? `${note.slice(0, Math.max(0, noteWidth - 1))}…` : note;
    const painted = paint(span.error === undefined ? "place" : "bad", bar);
    return `${name.padEnd(nameWidth)}${GAP}${length.padStart(lengthWidth)}${GAP}${painted}${GAP}${paint("aside", shown)}`.trimEnd();
  });
  return lines.join("\n");
}

interface Placed {
  readonly span: FinishedSpan;
  readonly depth: number;
}

/** Each span under its parent, by when they began; one whose parent is missing stands at the top. */
function treeOf(spans: readonly FinishedSpan[]): Placed[] {
  const ids = new Set(spans.map(({ address }) => address.spanId));
  const under = Map.groupBy(spans, ({ parent }) =>
    parent !== null && ids.has(parent.spanId) ? parent.spanId : "",
  );
  const place = (id: string, depth: number): Placed[] =>
    (under.get(id) ?? [])
      .toSorted((a, b) => a.startMs - b.startMs)
      .flatMap((span) => [{ span, depth }, ...place(span.address.spanId, depth + 1)]);
  return place("", 0);
}

function nameOf({ name, attributes }: FinishedSpan): string {
  const sample = attributes["fleet.sample"];
  const attempt = Number(attributes["fleet.attempt"] ?? 1);
  if (name === "sample") return attempt > 1 ? `sample ${sample}, attempt ${attempt}` : `sample ${sample}`;
  return name === "task" ? `task ${attributes["fleet.task"]}` : name;
}

function noteOf({ name, attributes, error }: FinishedSpan): string {
  const told = TOLD.flatMap(([attribute, say]) => {
    const value = attributes[attribute];
    const isRepeated = name === "sample" && attribute === "fleet.worker";
    return value === undefined || isRepeated ? [] : [say(value)];
  });
  return visible([...told, ...(error === undefined ? [] : [error])].join(", "));
}

/** At least one character, so that what took no time is seen too. */
function barOf({ startMs, endMs }: FinishedSpan, from: number, until: number, width: number): string {
  const at = (ms: number) => (until === from ? 0 : (width * (ms - from)) / (until - from));
  const begin = Math.min(width - 1, Math.floor(at(startMs)));
  const length = Math.max(1, Math.round(at(endMs)) - begin);
  return `${" ".repeat(begin)}${"█".repeat(Math.min(length, width - begin))}`.padEnd(width);
}

function lengthOf(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${decimal(ms / 1_000, 1)} s`;
}
