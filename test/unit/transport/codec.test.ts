import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeReference,
  decodeRollout,
  decodeTask,
  encodeReference,
  encodeRollout,
  encodeTask,
  float32Array,
  float32Bytes,
  int32Array,
  int32Bytes,
  MalformedMessageError,
} from "../../../transport/index.ts";
import { WIRE_ROLLOUT as rollout } from "../../support/wire-rollout.ts";

describe("rollouts", () => {
  test("come back as they were, with names for enumerations, numbers, Buffers and defaults", () => {
    const back = decodeRollout(encodeRollout(rollout));

    expect(back).toMatchObject({ run: "demo", sample: 0, attempt: 0, instance: "", timings: null });
    expect(back.completion?.finish).toBe("FINISH_END");
    expect(back.completion?.text).toBe("größer");
    expect([...int32Array(back.promptTokens)]).toEqual([1, 128255, 7]);
    expect([...float32Array(back.completion?.logp ?? new Uint8Array())]).toEqual([-0.25, Math.fround(-1e-7)]);
    expect(back.completion?.logq).toEqual(Buffer.alloc(0));
    expect(back.reward?.components).toEqual([{ name: "format", value: -1, weight: 1 }]);
  });

  test("have one encoding, also after they were decoded", () => {
    const bytes = encodeRollout({ ...rollout, attempt: 0, traceId: "" });

    const again = encodeRollout(decodeRollout(bytes));

    expect(Buffer.from(again).equals(bytes)).toBe(true);
    expect(Buffer.from(encodeRollout(rollout)).equals(bytes)).toBe(true);
  });

  test("that were cut short are refused with a typed error", () => {
    const bytes = encodeRollout(rollout);

    expect(() => decodeRollout(bytes.subarray(0, bytes.length - 3))).toThrow(MalformedMessageError);
  });
});

describe("tasks and references", () => {
  test("a task keeps which of reference and digest it carries", () => {
    const task = decodeTask(encodeTask({ task: "t", samples: [0, 3], referenceDigest: "ab" }));

    expect(task).toMatchObject({ task: "t", samples: [0, 3], reference: null, referenceDigest: "ab" });
  });

  test("a deleted file is told from an empty one", () => {
    const { oracle } = decodeReference(
      encodeReference({ oracle: [{ path: "a" }, { path: "b", content: "" }] }),
    );

    expect(oracle.map((file) => file.content)).toEqual([undefined, ""]);
  });

  test("the order in which files are named does not change the bytes", () => {
    const one = encodeReference({ files: { a: "1", b: "2" }, oracle: [{ path: "a" }, { path: "b" }] });
    const other = encodeReference({ files: { b: "2", a: "1" }, oracle: [{ path: "b" }, { path: "a" }] });

    expect(Buffer.from(one).equals(other)).toBe(true);
  });

  test("bytes that are no task are refused", () => {
    expect(() => decodeTask(Uint8Array.of(0xff, 0xff, 0xff))).toThrow("3 bytes are not a task");
  });
});

describe("arrays", () => {
  test("survive at any address", () => {
    fc.assert(
      fc.property(fc.int32Array(), fc.integer({ min: 0, max: 7 }), (values, offset) => {
        const bytes = new Uint8Array(values.byteLength + 8);
        bytes.set(int32Bytes(values), offset);

        const back = int32Array(bytes.subarray(offset, offset + values.byteLength));

        expect(back).toEqual(values);
      }),
    );
  });

  test("floats survive bit by bit", () => {
    fc.assert(
      fc.property(fc.float32Array(), (values) => {
        expect(float32Array(Buffer.from(float32Bytes(values)))).toEqual(values);
      }),
    );
  });

  test("are little-endian", () => {
    expect([...int32Bytes(Int32Array.of(258))]).toEqual([2, 1, 0, 0]);
    expect([...float32Bytes(Float32Array.of(1))]).toEqual([0, 0, 128, 63]);
  });

  test("of a length that is no multiple of four are refused", () => {
    expect(() => float32Array(new Uint8Array(6))).toThrow("an array of 4-byte numbers has 6 bytes");
  });
});
