/**
 * Writes what the chart has from the sources: values.schema.json, the configuration of nats-server in files/, and Grafana's
 * boards.
 * With `--check` it writes nothing and fails when a file is not what it would write.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { BOARDS, grafanaDashboard } from "./monitoring/index.ts";
import { natsConfigTemplate, natsLeafTemplate, valuesSchema } from "./schema/index.ts";

const files: Record<string, () => string> = {
  "values.schema.json": () => `${JSON.stringify(valuesSchema(), null, 1)}\n`,
  "files/nats.conf": natsConfigTemplate,
  "files/nats-leaf.conf": natsLeafTemplate,
  ...Object.fromEntries(
    Object.entries(BOARDS).map(([name, board]) => [
      `boards/${name}.json`,
      () => `${JSON.stringify(grafanaDashboard(board), null, 1)}\n`,
    ]),
  ),
};

const check = process.argv.includes("--check");
for (const [name, make] of Object.entries(files)) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const wanted = make();
  if (wanted === (await readFile(path, "utf8").catch(() => ""))) continue;
  if (check) {
    process.stderr.write(`helm/${name} is not current: run "node helm/generate.ts"\n`);
    process.exitCode = 1;
  } else {
    await writeFile(path, wanted);
  }
}
