import { createReadStream } from "node:fs";
import { pipeline, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { UnusableDatasetError } from "./errors.ts";

const LINE_FEED = 0x0a;
const MOST_LINE_BYTES = 64 * 2 ** 20;

/** A line of a file, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Null when the line is longer than 64 MiB. */
  readonly bytes: Buffer | null;
}

/**
 * Reads a file line by line, with one line in memory at a time. Names that end in `.gz` and `.zst` are
 * decompressed.
 *
 * @throws {UnusableDatasetError} when the file is missing, unreadable, or not in the format its name promises
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  const parts = new LineParts();
  let number = 0;
  for await (const chunk of openBytes(path)) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      parts.add(chunk.subarray(start, end));
      yield { number: ++number, bytes: parts.take() };
      start = end + 1;
    }
    parts.add(chunk.subarray(start));
  }
  if (parts.any) yield { number: ++number, bytes: parts.take() };
}

/** Collects what belongs to one line; lets go of a line that is too long. */
class LineParts {
  #parts: Buffer[] = [];
  #length = 0;

  get any(): boolean {
    return this.#length > 0;
  }

  add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > MOST_LINE_BYTES) this.#parts = [];
    else this.#parts.push(part);
  }

  take(): Buffer | null {
    const bytes = this.#length > MOST_LINE_BYTES ? null : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return bytes;
  }
}

async function* openBytes(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path);
  const decompress = decompressorOf(path);
  try {
    // The last stream of the pipeline carries every error of it.
    yield* decompress ? pipeline(file, decompress, () => {}) : file;
  } catch (cause) {
    throw new UnusableDatasetError(`the dataset ${path} cannot be read: ${reasonOf(cause, path)}`, { cause });
  } finally {
    file.destroy();
  }
}

function decompressorOf(path: string): Transform | null {
  if (path.endsWith(".gz")) return createGunzip();
  return path.endsWith(".zst") ? createZstdDecompress() : null;
}

function reasonOf(cause: unknown, path: string): string {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder, name the files in it";
  if (code.startsWith("Z_") || code.startsWith("ZSTD_")) {
    return `it is damaged, or not ${path.endsWith(".gz") ? "gzip" : "Zstandard"} as its name says`;
  }
  return message;
}
