import type { Command } from "commander";
import { checkDataset, type DatasetCheck } from "../../coordinator/index.ts";
import { EXIT } from "../exit.ts";
import { print, printJson } from "../print.ts";

/** `fleet dataset check`: what a dataset holds, and every line that cannot be used. */
export function addDatasetCommand(program: Command): void {
  program
    .command("dataset")
    .description("look at a dataset")
    .addHelpText("after", "\nExample:\n  fleet dataset check train.jsonl.zst")
    .command("check")
    .argument("<file...>", ".jsonl, .jsonl.gz or .jsonl.zst")
    .description(
      "list every line that cannot be used, by number and reason; exit code 2 when there is one, or none that can",
    )
    .option("--json", "for scripts")
    .addHelpText("after", "\nExample:\n  fleet dataset check train.jsonl.zst")
    .action(check);
}

async function check(paths: readonly string[], options: { json?: true }): Promise<void> {
  const checks = await Array.fromAsync(paths, async (path) => ({ path, ...(await checkDataset(path)) }));
  if (options.json) printJson(checks);
  else for (const each of checks) print(describe(each));
  if (checks.some(({ usable, bad }) => usable === 0 || bad > 0)) process.exitCode = EXIT.mistake;
}

function describe({ path, usable, bad, badLines, digest }: DatasetCheck & { path: string }): string {
  const named = badLines.map(({ line, reason }) => `${path}:${line}: ${reason}`);
  const more = bad > named.length ? [`${path}: and ${bad - named.length} lines more`] : [];
  return [...named, ...more, `${path}: ${usable} usable, ${bad} not; digest ${digest}`].join("\n");
}
