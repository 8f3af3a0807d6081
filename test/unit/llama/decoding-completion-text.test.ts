import fc from "fast-check";
import { expect, it } from "vitest";
import { createCompletionText } from "../../../llama/decoding/completion-text.ts";

/** Few letters, one of them of two bytes, so that stop texts occur and are split between tokens. */
const letters = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 12 });

it("a completion's text ends before the first stop text, however its bytes are divided into tokens", () => {
  fc.assert(
    fc.property(letters, fc.array(letters, { maxLength: 3 }), fc.array(fc.nat(3)), (whole, stops, sizes) => {
      const bytes = Buffer.from(whole, "utf8");
      const text = createCompletionText(stops);
      let from = 0;
      let isStopped = false;

      for (let token = 0; from < bytes.length && !isStopped; token++) {
        const to = from + (sizes[token] ?? 1);
        isStopped = text.add(bytes.subarray(from, to));
        from = to;
      }

      const said = bytes.subarray(0, from).toString("utf8");
      const found = stops.flatMap((stop) => (stop !== "" && said.includes(stop) ? [said.indexOf(stop)] : []));
      expect(isStopped).toBe(found.length > 0);
      expect(text.read()).toBe(found.length > 0 ? said.slice(0, Math.min(...found)) : said);
      expect(isStopped || said === whole).toBe(true);
    }),
    { numRuns: 500 },
  );
});

it("a completion's text may be long", () => {
  const text = createCompletionText([]);

  for (let line = 0; line < 500; line++) text.add(Buffer.from("0123456789"));

  expect(text.read()).toBe("0123456789".repeat(500));
});
