import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../../", import.meta.url);
const INVARIANTS = 9;

const page = await readFile(new URL("docs/invariants.md", ROOT), "utf8");
const sections = page.split(/^## /m).slice(1);
const tests = [...page.matchAll(/^- `(test\/[^`]+)`: "(.+)"$/gm)].map(([, file = "", title = ""]) => [
  file,
  title,
]);
const functions = [...page.matchAll(/^- `((?!test\/)[^`]+)`: `(\w+)`/gm)].map(([, file = "", name = ""]) => [
  file,
  name,
]);

describe("the page of invariants", () => {
  it("names for each of them code that holds it, and a test that is called as it", () => {
    const lacking = sections.filter((section) => {
      const name = /^\d\. (.+)$/m.exec(section)?.[1] ?? "";
      const isTested = tests.some(
        ([, title = ""]) => section.includes(`"${title}"`) && title.startsWith(name),
      );
      return !isTested || !/^- `\w+\/[^`]+`: `\w+`/m.test(section);
    });

    expect(sections).toHaveLength(INVARIANTS);
    expect(lacking).toEqual([]);
  });

  it.each(tests)("names a test that there is: %s, %s", async (file = "", title = "") => {
    expect(await readFile(new URL(file, ROOT), "utf8")).toMatch(
      new RegExp(`(describe|it|test)(\\.each[^]*?\\))?\\(\\s*["\`]${literal(title)}["\`]`),
    );
  });

  it.each(functions)("names a function that there is: %s, %s", async (file = "", name = "") => {
    expect(await readFile(new URL(file, ROOT), "utf8")).toMatch(new RegExp(`function\\*? ${name}\\b`));
  });

  it("names every entry of its lists in one of these two ways", () => {
    const entries = page.match(/^- /gm) ?? [];

    expect(tests.length + functions.length).toBe(entries.length);
  });
});

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
