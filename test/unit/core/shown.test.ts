import { describe, expect, it } from "vitest";
import { ForeignInputError, shown } from "../../../core/index.ts";

describe("foreign text in an error", () => {
  it("is as it was where it is short and harmless", () => {
    expect(shown("blk.0.attn_q.weight")).toBe("blk.0.attn_q.weight");
    expect(shown("Grüße, 世界")).toBe("Grüße, 世界");
  });

  it("cannot act on a terminal", () => {
    expect(shown("a\x1b[2Jb\nc\u202ed\0")).toBe("a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{0}");
  });

  it("loses its middle where it is long, and half a character is spelt", () => {
    expect(shown(`${"x".repeat(1_000)}${"y".repeat(1_000)}`)).toBe(`${"x".repeat(54)} … ${"y".repeat(26)}`);
    expect(shown(`${"x".repeat(40)}\u{1f600}${"y".repeat(2)}`, 30)).toBe(
      `${"x".repeat(20)} … ${"x".repeat(6)}😀yy`,
    );
    expect(shown(`${"x".repeat(40)}\ude00y`, 30)).toBe(`${"x".repeat(20)} … x\\u{de00}y`);
  });

  it("is as long as it may be once it is spelt", () => {
    expect(shown("\0".repeat(100))).toBe(`${"\\u{0}".repeat(10)} … ${"\\u{0}".repeat(5)}`);
    expect(shown("\u{feff}".repeat(30)).length).toBeLessThanOrEqual(83);
  });

  it("is all that an error about a foreign input says", () => {
    class StrangeError extends ForeignInputError {
      readonly code = "test.strange";
      readonly disposition = "reject";
    }

    const { message } = new StrangeError(`a${"\x1b\n".repeat(9_000)} is strange`);

    expect(message).toMatch(/^a\\u\{1b\}\\u\{a\}[ -~…]+ is strange$/);
    expect(message.length).toBeLessThan(500);
  });
});
