import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { buildPage } from "../support/built-page.ts";

const MOST_BYTES = 200_000;

it("the dashboard's page takes less than 200 KB compressed, and nothing from elsewhere", async () => {
  await using page = await buildPage();
  const names = (await readdir(page.folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );

  const files = await Promise.all(
    names.map(async ({ name, parentPath }) => ({ name, content: await readFile(join(parentPath, name)) })),
  );

  const bytes = files.reduce((sum, { content }) => sum + gzipSync(content).byteLength, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(MOST_BYTES);
  const html = String(files.find(({ name }) => name === "index.html")?.content);
  expect(html.match(/(src|href)="[^"]*"/g)?.filter((link) => !/"(\/assets\/|data:)/.test(link))).toEqual([]);
  expect(html).not.toMatch(/<script(?![^>]*src=)/);
});
