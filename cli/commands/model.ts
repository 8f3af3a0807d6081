import type { Command } from "commander";
import { fetchVerified } from "../download/index.ts";
import { parseDigest, parseUrl } from "../parse.ts";
import { note, print } from "../print.ts";
import { openRunSignals } from "../run-signals.ts";

/** `fleet model fetch`: brings a file to where a run expects it. */
export function addModelCommand(program: Command): void {
  program
    .command("model")
    .description("bring a model to this host")
    .addHelpText("after", "\nExample:\n  fleet model fetch https://… --sha256 … --out /model/base.gguf")
    .command("fetch")
    .argument("<url>", "http:// or https://", parseUrl)
    .requiredOption("--sha256 <digest>", "of the file; another one is not put in place", parseDigest)
    .requiredOption("--out <file>", "where it goes; OUT.part meanwhile, with which the next call goes on")
    .description("download a file once, and check its digest before anybody can use it")
    .addHelpText("after", "\nExample:\n  fleet model fetch https://… --sha256 … --out /model/base.gguf")
    .action(fetchModel);
}

async function fetchModel(url: string, { sha256, out }: { sha256: string; out: string }): Promise<void> {
  using signals = openRunSignals(() => note("stopping"));
  const fetched = await fetchVerified({ url, sha256, out, stop: signals.stop, say: note });
  print(`${out}: ${fetched ? "downloaded" : "was there already"}, SHA-256 ${sha256}`);
}
