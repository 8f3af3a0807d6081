/**
 * Datasets are JSONL: one instance a line. A bad line is named and left out; a dataset of which too much is
 * bad is not used at all.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Instance, shown } from "../../core/index.ts";
import { UnusableDatasetError } from "./errors.ts";
import { type ParsedLine, parseInstance } from "./parse-instance.ts";
import { type Line, readLines } from "./read-lines.ts";

/** A line that cannot be used. */
export interface BadLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** What is wrong with it. */
  readonly reason: string;
}

/** What a dataset's files hold. */
export interface DatasetCheck {
  /** Lines that are instances. */
  readonly usable: number;
  /** Lines that are none. */
  readonly bad: number;
  /** The first thousand of these. */
  readonly badLines: readonly BadLine[];
  /** SHA-256 (hex) of the usable lines, whatever compresses them. */
  readonly digest: string;
}

/** A dataset in memory. */
export interface Dataset {
  /** In the order of the files and their lines; ids are unique. */
  readonly instances: readonly Instance[];
  /** Lines that are none. */
  readonly bad: number;
  /** The first thousand of these. */
  readonly badLines: readonly BadLine[];
  /** SHA-256 (hex) of the usable lines, whatever compresses them. */
  readonly digest: string;
}

const MOST_NAMED = 1_000;
/** A file with more bad or blank lines is not a dataset, and reading on would tell nobody anything. */
const MOST_BAD = 100_000;

/** What a run accepts. */
export interface DatasetOptions {
  /** Largest share of lines that may be bad, 0 … 1. */
  readonly badLinesAtMost: number;
}

/**
 * Reads the instances of one or more files.
 *
 * @param paths - `.jsonl`, `.jsonl.gz` or `.jsonl.zst`
 * @throws {UnusableDatasetError} when a file cannot be read, no line is an instance, or too many are none
 */
export async function readDataset(paths: readonly string[], options: DatasetOptions): Promise<Dataset> {
  const instances: Instance[] = [];
  const { usable: _, ...check } = await scan(paths, (instance) => instances.push(instance));
  refuseUnusable(paths, instances.length, check, options.badLinesAtMost);
  return { instances, ...check };
}

/**
 * Looks at every line of a file and keeps none.
 *
 * @param path - `.jsonl`, `.jsonl.gz` or `.jsonl.zst`
 * @throws {UnusableDatasetError} when the file cannot be read, or has a hundred thousand bad lines
 */
export async function checkDataset(path: string): Promise<DatasetCheck> {
  return await scan([path], () => {});
}

async function scan(paths: readonly string[], keep: (instance: Instance) => void): Promise<DatasetCheck> {
  const badLines: BadLine[] = [];
  let bad = 0;
  const noteBad = (line: BadLine) => {
    if (bad++ < MOST_NAMED) badLines.push(line);
    if (bad <= MOST_BAD) return;
    throw new UnusableDatasetError(
      `more than ${MOST_BAD} lines of the dataset ${line.path} cannot be used; line ${line.line}: ${line.reason}`,
    );
  };
  const placeOf = new Map<string, string>();
  const digest = createHash("sha256");
  for (const path of paths) {
    for await (const { number, bytes } of filledLines(path)) {
      const parsed = refuseDuplicate(parseInstance(bytes), placeOf);
      if ("reason" in parsed) {
        noteBad({ path, line: number, reason: parsed.reason });
        continue;
      }
      placeOf.set(parsed.instance.id, `${path} line ${number}`);
      digest.update(bytes ?? "").update("\n");
      keep(parsed.instance);
    }
  }
  return { usable: placeOf.size, bad, badLines, digest: digest.digest("hex") };
}

async function* filledLines(path: string): AsyncGenerator<Line> {
  let blank = 0;
  for await (const line of readLines(path)) {
    if (!isBlank(line.bytes)) yield line;
    else if (++blank > MOST_BAD)
      throw new UnusableDatasetError(`the dataset ${path} has more than ${MOST_BAD} blank lines`);
  }
}

function isBlank(bytes: Line["bytes"]): boolean {
  return bytes?.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d) ?? false;
}

function refuseDuplicate(parsed: ParsedLine, placeOf: ReadonlyMap<string, string>): ParsedLine {
  if ("reason" in parsed) return parsed;
  const { id } = parsed.instance;
  const place = placeOf.get(id);
  return place === undefined ? parsed : { reason: `the id "${shown(id)}" is that of ${place} already` };
}

function refuseUnusable(
  paths: readonly string[],
  usable: number,
  { bad, badLines }: Pick<DatasetCheck, "bad" | "badLines">,
  badLinesAtMost: number,
): void {
  const files = paths.join(", ");
  const [first] = badLines;
  const example = first ? `; ${first.path} line ${first.line}: ${first.reason}` : "";
  if (usable === 0) {
    throw new UnusableDatasetError(
      `no line of the dataset ${files} can be used${example || ": it is empty"}`,
    );
  }
  const share = bad / (bad + usable);
  if (share > badLinesAtMost) {
    throw new UnusableDatasetError(
      `${bad} of ${bad + usable} lines of the dataset ${files} are bad, ` +
        `${(100 * share).toFixed(1)} % where badLinesAtMost allows ${100 * badLinesAtMost} %${example}`,
    );
  }
}
