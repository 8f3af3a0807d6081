import { describe, expect, it } from "vitest";
import { shown } from "../../../core/index.ts";

describe("foreign text in an error", () => {
  it("is as it was where it is short and harmless", () => {
    expect(shown("blk.0.attn_q.weight")).toBe("blk.0.attn_q.weight");
    expect(shown("Grüße, 世界")).toBe("Grüße, 世界");
  });

  it("cannot act on a terminal", () => {
    expect(shown("a\x1b[2Jb\nc\u202ed\0")).toBe("a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{0}");
  });

  it("is cut where it is long, and half a character is spelt", () => {
    expect(shown("x".repeat(1_000))).toBe(`${"x".repeat(80)}…`);
    expect(shown("😀😀", 3)).toBe("😀\\u{d83d}…");
  });
});
