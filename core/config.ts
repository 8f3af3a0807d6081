import { z } from "zod";
import { FleetError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import { shown } from "./shown.ts";

/** Problems that are told, and how long each may be. */
const MOST_PROBLEMS = 30;
const MOST_PROBLEM = 300;

/** A configuration that cannot be used. Lists every problem, not just one. */
export class ConfigError extends FleetError {
  readonly code = "core.invalid_config";
  readonly disposition = "reject";
}

/**
 * Checks a configuration that was read from a file.
 *
 * Only `cli/` reads files and the environment. Everything else receives the parsed object, so
 * importing a module never has a side effect.
 *
 * @param source - where the values come from, named in the error
 * @throws {ConfigError} naming every wrong, missing and unknown key, unknown ones with the nearest known one
 */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  values: unknown,
  source: string,
): Readonly<z.output<Schema>> {
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const all = parsed.error.issues.flatMap((issue) => problemsOf(schema, issue));
    const told = all.slice(0, MOST_PROBLEMS).map((problem) => shown(problem, MOST_PROBLEM));
    if (all.length > MOST_PROBLEMS) told.push(`and ${all.length - MOST_PROBLEMS} more`);
    throw new ConfigError(`${source} is not a valid configuration:\n${told.map((p) => `  ${p}`).join("\n")}`);
  }
  return Object.freeze(parsed.data);
}

function problemsOf(schema: z.ZodObject, issue: z.core.$ZodIssue): string[] {
  const where = issue.path.join(".");
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => `${where}: ${message}`);
  if (issue.code !== "unrecognized_keys") return [`${where || "(top level)"}: ${issue.message}`];
  const known = keysAt(schema, issue.path);
  return issue.keys.map((key) => {
    const suggestion = nearest(key, known);
    return `${[...issue.path, key].join(".")}: unknown key${suggestion ? `, did you mean "${suggestion}"?` : ""}`;
  });
}

/** The keys that an object schema knows at a path; none where the path leads through something else. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const step of path) current = childOf(unwrap(current), step);
  const object = unwrap(current);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function childOf(schema: unknown, step: PropertyKey): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[String(step)];
  if (schema instanceof z.ZodArray) return schema.element;
  return undefined;
}

function unwrap(schema: unknown): unknown {
  let current = schema;
  while (
    current instanceof z.ZodOptional ||
    current instanceof z.ZodDefault ||
    current instanceof z.ZodPrefault ||
    current instanceof z.ZodNullable
  ) {
    current = current.unwrap();
  }
  return current;
}
