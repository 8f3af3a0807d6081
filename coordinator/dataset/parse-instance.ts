import { Instance, nearest, shown } from "../../core/index.ts";
import type { Line } from "./read-lines.ts";

/** A line that is an instance, or the reason why it is none, in one line of bounded length. */
export type ParsedLine = { readonly instance: Instance } | { readonly reason: string };

const FIELDS = Object.keys(Instance.shape);
const MOST_PROBLEMS = 5;
const MOST_REASON = 400;

/** Parses one line of a dataset. Never throws. */
export function parseInstance(bytes: Line["bytes"]): ParsedLine {
  if (bytes === null) return { reason: "longer than 64 MiB" };
  const parsed = parseJsonLine(bytes);
  if ("reason" in parsed) return parsed;
  const { value } = parsed;
  const { success, data, error } = Instance.safeParse(value);
  if (success) return { instance: data };
  const { issues } = error;
  const problems = issues.slice(0, MOST_PROBLEMS).map((issue) => problemOf(value, issue.path, issue.message));
  const more = issues.length > MOST_PROBLEMS ? [`and ${issues.length - MOST_PROBLEMS} more`] : [];
  return { reason: shown([...problems, ...more].join("; "), MOST_REASON) };
}

/** Parses the JSON of one line; where that fails, says why. */
export function parseJsonLine(bytes: Uint8Array): { readonly value: unknown } | { readonly reason: string } {
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch (error) {
    return {
      reason: error instanceof SyntaxError ? `no valid JSON: ${shown(error.message, 200)}` : "no valid UTF-8",
    };
  }
}

function problemOf(value: unknown, path: readonly PropertyKey[], message: string): string {
  const [field] = path;
  if (typeof value !== "object" || value === null || Array.isArray(value) || field === undefined) {
    return "no JSON object";
  }
  if (Object.hasOwn(value, field)) return `${shown(path.map(String).join("."))}: ${message}`;
  const strangers = Object.keys(value).filter((key) => !FIELDS.includes(key));
  const meant = nearest(String(field), strangers);
  return `"${String(field)}" is missing${meant === null ? "" : `, is it "${shown(meant)}"?`}`;
}
