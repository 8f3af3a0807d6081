import type { ScalarKind, ScalarValue } from "./metadata.ts";

/** Appends little-endian values to a growing buffer. */
export class ByteWriter {
  #buffer = Buffer.alloc(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  uint32(value: number): void {
    this.#grow(4).writeUInt32LE(value);
  }

  uint64(value: number): void {
    this.#grow(8).writeBigUInt64LE(BigInt(value));
  }

  text(value: string): void {
    const bytes = Buffer.from(value, "utf8");
    this.uint64(bytes.length);
    this.#grow(bytes.length).set(bytes);
  }

  scalar(kind: ScalarKind, value: ScalarValue): void {
    if (kind === "string") this.text(String(value));
    else if (kind === "bool") this.#grow(1).writeUInt8(value ? 1 : 0);
    else if (kind === "uint64") this.#grow(8).writeBigUInt64LE(BigInt(value));
    else if (kind === "int64") this.#grow(8).writeBigInt64LE(BigInt(value));
    else WRITERS[kind](this, Number(value));
  }

  /** Appends zeros up to `length`. */
  padTo(length: number): void {
    this.#grow(length - this.#length).fill(0);
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Room for so many more bytes. */
  #grow(bytes: number): Buffer {
    const end = this.#length + bytes;
    if (end > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(end, this.#buffer.length * 2));
      larger.set(this.bytes());
      this.#buffer = larger;
    }
    const room = this.#buffer.subarray(this.#length, end);
    this.#length = end;
    return room;
  }

  /** Appends a value of fixed size. */
  fixed(bytes: number, encode: (room: Buffer) => void): void {
    encode(this.#grow(bytes));
  }
}

type PlainKind = Exclude<ScalarKind, "string" | "bool" | "uint64" | "int64">;

const WRITERS: { readonly [Kind in PlainKind]: (writer: ByteWriter, value: number) => void } = {
  uint8: (writer, value) => writer.fixed(1, (room) => room.writeUInt8(value)),
  int8: (writer, value) => writer.fixed(1, (room) => room.writeInt8(value)),
  uint16: (writer, value) => writer.fixed(2, (room) => room.writeUInt16LE(value)),
  int16: (writer, value) => writer.fixed(2, (room) => room.writeInt16LE(value)),
  uint32: (writer, value) => writer.fixed(4, (room) => room.writeUInt32LE(value)),
  int32: (writer, value) => writer.fixed(4, (room) => room.writeInt32LE(value)),
  float32: (writer, value) => writer.fixed(4, (room) => room.writeFloatLE(value)),
  float64: (writer, value) => writer.fixed(8, (room) => room.writeDoubleLE(value)),
};
