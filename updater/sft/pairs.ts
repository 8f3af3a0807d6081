import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { z } from "zod";
import { FleetError } from "../../core/index.ts";

const Pair = z.looseObject({ prompt: z.string().min(1), completion: z.string().min(1) });

/** What is given and what is to be written. */
export interface Pair {
  readonly prompt: string;
  readonly completion: string;
}

/** A file of pairs that cannot be trained on. */
export class UnusablePairsError extends FleetError {
  readonly code = "updater.unusable_pairs";
  readonly disposition = "reject";
}

/**
 * Reads pairs, one JSON object `{prompt, completion}` a line; further fields are ignored.
 *
 * @param path - `.jsonl`, `.jsonl.gz` or `.jsonl.zst`
 * @throws {UnusablePairsError} naming the first line that is not a pair, or a file that is missing or empty
 */
export async function readPairs(path: string): Promise<Pair[]> {
  const lines = (await readText(path)).split("\n");
  const pairs = lines.flatMap((line, index) =>
    line.trim() === "" ? [] : [parsePair(line, path, index + 1)],
  );
  if (pairs.length === 0) throw new UnusablePairsError(`${path} has no line with a prompt and a completion`);
  return pairs;
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (path.endsWith(".gz")) return (await promisify(gunzip)(bytes)).toString();
    if (path.endsWith(".zst")) return (await promisify(zstdDecompress)(bytes)).toString();
    return bytes.toString();
  } catch (cause) {
    throw new UnusablePairsError(`cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

function parsePair(line: string, path: string, number: number): Pair {
  const parsed = Pair.safeParse(parseJson(line));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") || "the line";
  throw new UnusablePairsError(
    `${path} line ${number}: ${field}: ${issue?.message}; a line is {"prompt": "…", "completion": "…"}`,
  );
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
