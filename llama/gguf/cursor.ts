import { GgufDamagedError, GgufTruncatedError } from "./errors.ts";
import type { ScalarKind, ScalarValue } from "./metadata.ts";

/** Bytes that can be read at any place: a file or a buffer. */
export interface ByteSource {
  /** Named in errors. */
  readonly name: string;
  readonly sizeBytes: number;
  /** At least one byte from `offset` on, at most `most`; `offset` is below `sizeBytes`. */
  read(offset: number, most: number): Uint8Array;
}

const WINDOW_BYTES = 1 << 20;
const MOST_HEADER_BYTES = 1 << 28; // vocabulary and merges of the largest models take some 2^23
const MOST_TEXT_BYTES = 1 << 22; // chat templates have some 2^14
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads little-endian values one after another. Never asks for more memory than the source has bytes, whatever lengths
 * it declares.
 */
export class Cursor {
  readonly source: ByteSource;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  #position = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  get position(): number {
    return this.#position;
  }

  /** @throws {GgufTruncatedError | GgufDamagedError} unless so many bytes are left, in a header of sensible size */
  require(bytes: number, what: string): void {
    if (bytes > MOST_HEADER_BYTES - this.#position && this.source.sizeBytes > MOST_HEADER_BYTES)
      throw new GgufDamagedError(
        `${this.source.name} is damaged: ${what} would make its header larger than ${MOST_HEADER_BYTES} bytes`,
      );
    if (bytes > this.source.sizeBytes - this.#position)
      throw new GgufTruncatedError(
        `${this.source.name} is truncated or damaged: it ends at byte ${this.source.sizeBytes}, inside ${what}`,
      );
  }

  uint32(what: string): number {
    return this.#take(4, what).readUInt32LE();
  }

  /** A count or a length. Above 2^53 it is beyond any file's end, where the caller refuses it. */
  uint64(what: string): number {
    return Number(this.#take(8, what).readBigUInt64LE());
  }

  text(what: string): string {
    const length = this.uint64(what);
    this.require(length, what);
    if (length > MOST_TEXT_BYTES)
      throw new GgufDamagedError(`${this.source.name} is damaged: ${what} is a text of ${length} bytes`);
    const bytes = this.#take(length, what);
    try {
      return UTF8.decode(bytes);
    } catch {
      throw new GgufDamagedError(`${this.source.name} is damaged: ${what} is not UTF-8`);
    }
  }

  scalar(kind: ScalarKind, what: string): ScalarValue {
    return kind === "string" ? this.text(what) : READERS[kind](this, what);
  }

  /** The next bytes; valid until the next call. */
  #take(bytes: number, what: string): Buffer {
    this.require(bytes, what);
    const start = this.#position - this.#windowStart;
    if (start + bytes > this.#window.length) return this.#refill(bytes);
    this.#position += bytes;
    return this.#window.subarray(start, start + bytes);
  }

  #refill(bytes: number): Buffer {
    const wanted = Math.min(Math.max(bytes, WINDOW_BYTES), this.source.sizeBytes - this.#position);
    const window = Buffer.alloc(wanted);
    for (let filled = 0; filled < wanted; ) {
      const part = this.source.read(this.#position + filled, wanted - filled);
      window.set(part, filled);
      filled += part.length;
    }
    this.#window = window;
    this.#windowStart = this.#position;
    this.#position += bytes;
    return window.subarray(0, bytes);
  }

  /** Reads a value of fixed size. */
  fixed<T>(bytes: number, what: string, decode: (bytes: Buffer) => T): T {
    return decode(this.#take(bytes, what));
  }
}

type FixedKind = Exclude<ScalarKind, "string">;

const READERS: { readonly [Kind in FixedKind]: (cursor: Cursor, what: string) => ScalarValue } = {
  uint8: (cursor, what) => cursor.fixed(1, what, (bytes) => bytes.readUInt8()),
  int8: (cursor, what) => cursor.fixed(1, what, (bytes) => bytes.readInt8()),
  uint16: (cursor, what) => cursor.fixed(2, what, (bytes) => bytes.readUInt16LE()),
  int16: (cursor, what) => cursor.fixed(2, what, (bytes) => bytes.readInt16LE()),
  uint32: (cursor, what) => cursor.fixed(4, what, (bytes) => bytes.readUInt32LE()),
  int32: (cursor, what) => cursor.fixed(4, what, (bytes) => bytes.readInt32LE()),
  float32: (cursor, what) => cursor.fixed(4, what, (bytes) => bytes.readFloatLE()),
  float64: (cursor, what) => cursor.fixed(8, what, (bytes) => bytes.readDoubleLE()),
  uint64: (cursor, what) => cursor.fixed(8, what, (bytes) => bytes.readBigUInt64LE()),
  int64: (cursor, what) => cursor.fixed(8, what, (bytes) => bytes.readBigInt64LE()),
  bool: (cursor, what) => cursor.fixed(1, what, (bytes) => bytes.readUInt8() !== 0),
};
