import { createReadStream } from "node:fs";
import { pipeline, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { UnusableDatasetError } from "./errors.ts";

const LINE_FEED = 0x0a;
const MOST_LINE_BYTES = 64 * 2 ** 20;
/** What may come out of a packed file: so much of anything, and so many times its size. */
const UNPACKED_BYTES = 256 * 2 ** 20;
const MOST_RATIO = 200;

/** A line of a file, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Null when the line is longer than the longest that is kept. */
  readonly bytes: Buffer | null;
}

/** How a file of lines is read. */
export interface ReadLinesOptions {
  /** What the file is, for errors. */
  readonly what?: string;
  /** Longest line that is kept, 64 MiB by default. */
  readonly longestBytes?: number;
  /** Told how many bytes of the file were read, before any decompression. */
  readonly onRead?: (bytes: number) => void;
}

/**
 * Reads a file line by line, with one line in memory at a time. Names that end in `.gz` and `.zst` are
 * decompressed.
 *
 * @throws {UnusableDatasetError} when the file is missing, unreadable, or not in the format its name promises
 */
export async function* readLines(path: string, options: ReadLinesOptions = {}): AsyncGenerator<Line> {
  const parts = new LineParts(options.longestBytes ?? MOST_LINE_BYTES);
  let number = 0;
  for await (const chunk of openBytes(path, options)) {
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
  readonly #most: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get any(): boolean {
    return this.#length > 0;
  }

  add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#most) this.#parts = [];
    else this.#parts.push(part);
  }

  take(): Buffer | null {
    const bytes = this.#length > this.#most ? null : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return bytes;
  }
}

async function* openBytes(
  path: string,
  { what = "the dataset", onRead }: ReadLinesOptions,
): AsyncGenerator<Buffer> {
  const file = createReadStream(path);
  const decompress = decompressorOf(path);
  let unpacked = 0;
  try {
    // The last stream of the pipeline carries every error of it.
    for await (const chunk of decompress ? pipeline(file, decompress, () => {}) : file) {
      onRead?.(file.bytesRead);
      unpacked += chunk.length;
      if (decompress && unpacked > UNPACKED_BYTES + MOST_RATIO * file.bytesRead)
        throw new UnusableDatasetError(`${what} ${path} unpacks to more than ${MOST_RATIO} times its size`);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof UnusableDatasetError) throw cause;
    throw new UnusableDatasetError(`${what} ${path} cannot be read: ${reasonOf(cause, path)}`, { cause });
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
