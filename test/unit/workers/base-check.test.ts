import { describe, expect, it } from "vitest";
import type { ConnectAnswer } from "../../../proto/index.ts";
import { assertLikeBase, variantOf } from "../../../workers/base-check.ts";

const digestOf = (digit: string) => digit.repeat(64);
const BASE = digestOf("a");
const MODEL = {
  gguf: "m.gguf",
  variants: { q8: { sha256: digestOf("b") }, q4: { sha256: digestOf("c") } },
};

describe("a worker's model", () => {
  it("is the variant that has its digest", () => {
    expect(variantOf(MODEL, BASE, BASE)).toBe("base");
    expect(variantOf(MODEL, digestOf("c"), BASE)).toBe("q4");
  });

  it("is refused where it is none of the run's, which are named", () => {
    expect(() => variantOf(MODEL, digestOf("d"), BASE)).toThrow(
      `m.gguf is not a model of this run: its SHA-256 is ${digestOf("d")}, the run's base has ${BASE}, its variant q8 has ${digestOf("b")}, its variant q4 has ${digestOf("c")}`,
    );
  });
});

describe("a variant", () => {
  const signal = new AbortController().signal;
  /** A coordinator to whom the updater has said it by the second call. */
  const coordinator = (told: string) => {
    const answers = ["", told];
    return {
      connect: async () => ({ baseLayout: answers.shift() ?? told }) as ConnectAnswer,
    };
  };

  it("is taken once the updater has said the same of its base", async () => {
    await expect(assertLikeBase("q8", { layout: "l1" }, coordinator("l1"), signal)).resolves.toBeUndefined();
  });

  it("is refused where the base is of another layout", async () => {
    await expect(assertLikeBase("q8", { layout: "l1" }, coordinator("l2"), signal)).rejects.toThrow(
      "the variant q8 is no quantization of the run's base: its shapes, its tokenizer or its chat template are others",
    );
  });

  it("waits no longer than the worker is wanted", async () => {
    const stop = new AbortController();
    const checked = assertLikeBase("q8", { layout: "l1" }, coordinator(""), stop.signal);
    stop.abort(new Error("no more"));

    await expect(checked).rejects.toThrow("no more");
  });

  it("asks nobody where it is the base itself", async () => {
    const nobody = { connect: () => Promise.reject(new Error("asked")) };

    await expect(assertLikeBase("base", { layout: "l1" }, nobody, signal)).resolves.toBeUndefined();
  });
});
