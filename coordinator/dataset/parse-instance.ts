import { Instance, nearest } from "../../core/index.ts";
import type { Line } from "./read-lines.ts";

/** A line that is an instance, or the reason why it is none. */
export type ParsedLine = { readonly instance: Instance } | { readonly reason: string };

const FIELDS = Object.keys(Instance.shape);

/** Parses one line of a dataset. Never throws. */
export function parseInstance(bytes: Line["bytes"]): ParsedLine {
  if (bytes === null) return { reason: "longer than 64 MiB" };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    return { reason: error instanceof SyntaxError ? `no valid JSON: ${error.message}` : "no valid UTF-8" };
  }
  const parsed = Instance.safeParse(value);
  if (parsed.success) return { instance: parsed.data };
  return {
    reason: parsed.error.issues.map((issue) => problemOf(value, issue.path, issue.message)).join("; "),
  };
}

function problemOf(value: unknown, path: readonly PropertyKey[], message: string): string {
  const [field] = path;
  if (typeof value !== "object" || value === null || Array.isArray(value) || field === undefined) {
    return "no JSON object";
  }
  if (Object.hasOwn(value, field)) return `${path.map(String).join(".")}: ${message}`;
  const strangers = Object.keys(value).filter((key) => !FIELDS.includes(key));
  const meant = nearest(String(field), strangers);
  return `"${String(field)}" is missing${meant === null ? "" : `, is it "${meant}"?`}`;
}
