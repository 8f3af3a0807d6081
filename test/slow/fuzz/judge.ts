import { FleetError } from "../../../core/index.ts";
import type { FuzzTarget } from "./target.ts";

/** Longest line of what a person is told. */
const MOST_CHARACTERS = 500;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/** What became of an input. */
export type Verdict =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused" }
  | { readonly kind: "failed"; readonly why: string };

/** Judges what a reader returned or threw. */
export function judge(
  { mostLines = 1 }: FuzzTarget,
  outcome: { told: readonly string[] } | { thrown: unknown },
): Verdict {
  if ("told" in outcome) {
    const bad = outcome.told.map((text) => faultOf(text, 1)).find((fault) => fault !== null);
    return bad === undefined ? { kind: "accepted" } : { kind: "failed", why: bad as string };
  }
  const { thrown } = outcome;
  if (!(thrown instanceof FleetError)) {
    const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { kind: "failed", why: `threw what is no FleetError: ${what}` };
  }
  const fault = faultOf(thrown.message, mostLines);
  return fault === null ? { kind: "refused" } : { kind: "failed", why: fault };
}

/** Why a text is nothing to show to a person; null when it is. */
function faultOf(text: string, mostLines: number): string | null {
  const lines = text.split("\n");
  const start = JSON.stringify(text.slice(0, 300));
  if (text === "") return "said nothing";
  if (lines.length > mostLines) return `said ${lines.length} lines: ${start}`;
  const long = lines.find((line) => line.length > MOST_CHARACTERS);
  if (long !== undefined) return `said a line of ${long.length} characters: ${start}`;
  return lines.some((line) => CONTROL.test(line)) ? `said control characters: ${start}` : null;
}
