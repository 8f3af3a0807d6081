/**
 * Simulates every scenario under every policy: prints the figures, and writes docs/scaling.svg. With `--check` it writes
 * nothing and fails when the picture is not what it would draw.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { compareAll, meanOf, SEEDS } from "./compare.ts";
import { drawPicture } from "./picture.ts";
import { figuresTable } from "./table.ts";

const comparisons = meanOf(SEEDS.map(compareAll));
process.stdout.write(`${figuresTable(comparisons)}\n`);
const path = fileURLToPath(new URL("../../docs/scaling.svg", import.meta.url));
const picture = drawPicture(comparisons);
if (process.argv.includes("--check")) {
  if ((await readFile(path, "utf8").catch(() => "")) !== picture) {
    process.stderr.write('docs/scaling.svg is not current: run "node bench/scaling/main.ts"\n');
    process.exitCode = 1;
  }
} else {
  await writeFile(path, picture);
}
