import { alignLines, type DiffLine, readDiff } from "../../dashboard/index.ts";
import type { Paint } from "./paint.ts";
import { fill, visible, widthOf, wrap } from "./visible.ts";

/** Below so many columns the two are shown one after the other. */
const NARROW = 72;
const BETWEEN = 3;
/** What an empty diff is shown as. */
const NONE = "none";

/** Where something is shown. */
export interface View {
  readonly columns: number;
  readonly paint: Paint;
}

/**
 * Two unified diffs of one file, the predicted one on the left and the true one on the right, what concerns the same
 * line of the old file in one row; ≠ between them where they differ.
 */
export function sideBySide(predicted: string, oracle: string, view: View): string {
  const left = readDiff(predicted, NONE);
  const right = readDiff(oracle, NONE);
  if (view.columns < NARROW) return oneAfterTheOther(left, right, view);
  const digits = String([...left, ...right].reduce((most, { old }) => Math.max(most, old ?? 0), 0)).length;
  const each = Math.floor((view.columns - digits - 1 - BETWEEN) / 2);
  const row = (number: string, a: string, sign: string, b: string) =>
    `${view.paint("aside", number.padStart(digits))} ${a} ${sign} ${b}`.trimEnd();
  const head = row("", fill("predicted change", each), "│", "true change");
  const rows = alignLines(left, right).flatMap(([a, b]) => {
    const aPieces = cells(a, each, view.paint);
    const bPieces = cells(b, each, view.paint);
    const sign = differ(a, b) ? "≠" : "│";
    const height = Math.max(aPieces.length, bPieces.length);
    return Array.from({ length: height }, (_, at) => {
      const number = at === 0 ? String(a?.old ?? b?.old ?? "") : "";
      return row(number, aPieces[at] ?? " ".repeat(each), sign, (bPieces[at] ?? "").trimEnd());
    });
  });
  return [head, ...rows].join("\n");
}

function oneAfterTheOther(left: readonly DiffLine[], right: readonly DiffLine[], view: View): string {
  const list = (title: string, lines: readonly DiffLine[]) => [
    title,
    ...lines.flatMap((line) => cells(line, view.columns, view.paint).map((piece) => piece.trimEnd())),
  ];
  return [...list("predicted change", left), "", ...list("true change", right)].join("\n");
}

/** Whether one side changes what the other does not, or changes otherwise. */
function differ(a: DiffLine | undefined, b: DiffLine | undefined): boolean {
  return a?.text !== b?.text && [a, b].some((line) => line !== undefined && /^[+-]/.test(line.text));
}

/** A line as painted pieces that fit a column and fill it. */
function cells(line: DiffLine | undefined, columns: number, paint: Paint): string[] {
  if (line === undefined) return [];
  const mark = line.text[0];
  const meaning = mark === "+" ? "good" : mark === "-" ? "bad" : mark === "@" ? "place" : null;
  return wrap(visible(line.text), columns).map((piece) => {
    const rest = " ".repeat(Math.max(0, columns - widthOf(piece)));
    return `${meaning === null ? piece : paint(meaning, piece)}${rest}`;
  });
}
