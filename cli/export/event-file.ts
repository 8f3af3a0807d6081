/**
 * TensorBoard's event files: records of TFRecord, each an Event of tensorflow/core/util/event.proto.
 *
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord (the framing)
 * @module
 */
import { Root } from "protobufjs";
import type { Point } from "./series.ts";

/** What is written of an Event, by the numbers of its fields. */
const EVENT = Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: { type: "double", id: 1 },
        step: { type: "int64", id: 2 },
        fileVersion: { type: "string", id: 3 },
        summary: { type: "Summary", id: 5 },
      },
    },
    Summary: { fields: { value: { rule: "repeated", type: "Value", id: 1 } } },
    Value: { fields: { tag: { type: "string", id: 1 }, simpleValue: { type: "float", id: 2 } } },
  },
}).lookupType("Event");

const VERSION = "brain.Event:2";
const LENGTH_BYTES = 8;
const CHECKSUM_BYTES = 4;

/** The bytes of an event file with these values. */
export function eventFile(points: readonly Point[]): Uint8Array {
  const begun = (points[0]?.atMs ?? 0) / 1_000;
  const events = points.map(({ step, atMs, name, value }) => ({
    wallTime: atMs / 1_000,
    step,
    summary: { value: [{ tag: name, simpleValue: value }] },
  }));
  return Buffer.concat([{ wallTime: begun, fileVersion: VERSION }, ...events].map(record));
}

/** Length, its checksum, the event, its checksum; all little-endian. */
function record(event: object): Buffer {
  const data = EVENT.encode(EVENT.create(event)).finish();
  const framed = Buffer.alloc(LENGTH_BYTES + CHECKSUM_BYTES + data.length + CHECKSUM_BYTES);
  framed.writeBigUInt64LE(BigInt(data.length), 0);
  framed.writeUInt32LE(masked(framed.subarray(0, LENGTH_BYTES)), LENGTH_BYTES);
  framed.set(data, LENGTH_BYTES + CHECKSUM_BYTES);
  framed.writeUInt32LE(masked(data), framed.length - CHECKSUM_BYTES);
  return framed;
}

/** CRC-32C (Castagnoli), its bits in reverse order. */
const POLYNOMIAL = 0x82f63b78;
const BYTE_VALUES = 256;
const BITS = 8;
const CHECKSUMS = Uint32Array.from({ length: BYTE_VALUES }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < BITS; bit++) sum = sum & 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  return sum >>> 0;
});
const MASK = 0xa282ead8;

/** A checksum as TFRecord writes it, so that one of data that holds checksums is a good one too. */
function masked(data: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of data) sum = (CHECKSUMS[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  const crc = (sum ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
}
