import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "../core/index.ts";
import { RunConfig } from "./run-config.ts";

/**
 * Checks that a run may go on under a changed configuration.
 *
 * @throws {ConfigError} naming every key that differs and is not marked as changeable in the schema
 */
export function assertMayResume(before: RunConfig, after: RunConfig): void {
  const refused = Object.keys(RunConfig.shape).flatMap((key) => {
    const section = key as keyof RunConfig;
    return mayChange(section) ? [] : differences(before[section], after[section], key);
  });
  if (refused.length === 0) return;
  throw new ConfigError(
    `a run cannot change while it goes on:\n${refused.map((line) => `  ${line}`).join("\n")}\nput these back, or start a new run`,
  );
}

function mayChange(section: keyof RunConfig): boolean {
  return RunConfig.shape[section].meta()?.["mayChange"] === true;
}

/** A variant may come, go and lie elsewhere; a name in a run's records means one file. */
const VARIANT = /^model\.variants\.[^.]+(?:\.gguf)?$/;

function differences(before: unknown, after: unknown, path: string): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isRecord(before) || !isRecord(after)) {
    if (VARIANT.test(path)) return [];
    return [`${path}: was ${JSON.stringify(before)}, is ${JSON.stringify(after)}`];
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => differences(before[key], after[key], `${path}.${key}`));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
