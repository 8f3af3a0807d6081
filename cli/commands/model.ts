import { mkdir, readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { ConfigError } from "../../core/index.ts";
import { readModelInfo, writeMergedModel } from "../../llama/index.ts";
import { fetchVerified } from "../download/index.ts";
import { parseDigest, parseFileOut, parseUrl } from "../parse.ts";
import { note, print } from "../print.ts";
import { openRunSignals } from "../run-signals.ts";

/** `fleet model`: a model's file, brought to where a run expects it or made from another. */
export function addModelCommand(program: Command): void {
  const command = program
    .command("model")
    .description("bring a model to this host, or fold an adapter into one")
    .addHelpText(
      "after",
      "\nExamples:\n  fleet model fetch https://… --sha256 … --out /model/base.gguf\n  fleet model merge base.gguf adapter.gguf --out tuned.gguf",
    );
  addFetch(command);
  addMerge(command);
}

function addFetch(command: Command): void {
  command
    .command("fetch")
    .argument("<url>", "http:// or https://", parseUrl)
    .requiredOption("--sha256 <digest>", "of the file; another one is not put in place", parseDigest)
    .requiredOption(
      "--out <file>",
      "where it goes; OUT.part meanwhile, with which the next call goes on",
      parseFileOut,
    )
    .description("download a file once, and check its digest before anybody can use it")
    .addHelpText("after", "\nExample:\n  fleet model fetch https://… --sha256 … --out /model/base.gguf")
    .action(fetchModel);
}

function addMerge(command: Command): void {
  command
    .command("merge")
    .argument("<base>", "a model's GGUF")
    .argument(
      "<adapter>",
      "a LoRA's GGUF: a run's, or one that llama.cpp's convert_lora_to_gguf.py made, in F32",
    )
    .requiredOption(
      "--out <file>",
      "the model with the adapter folded in, in the base's own types",
      parseFileOut,
    )
    .description("fold an adapter into a model, to begin a run from it or to serve it")
    .addHelpText("after", "\nExample:\n  fleet model merge base.gguf adapter.gguf --out tuned.gguf")
    .action(mergeModel);
}

async function mergeModel(base: string, adapter: string, { out }: { out: string }): Promise<void> {
  const bytes = await readFile(adapter).catch((cause: Error) => {
    throw new ConfigError(`${adapter} cannot be read: name a LoRA's GGUF`, { cause });
  });
  await mkdir(dirname(resolve(out)), { recursive: true });
  await writeMergedModel(out, base, bytes, adapter);
  const { digest } = await readModelInfo(out);
  print(`${out}: ${base} with ${adapter} folded in, SHA-256 ${digest}`);
}

async function fetchModel(url: string, { sha256, out }: { sha256: string; out: string }): Promise<void> {
  using signals = openRunSignals(() => note("stopping"));
  const fetched = await fetchVerified({ url, sha256, out, stop: signals.stop, say: note });
  print(`${out}: ${fetched ? "downloaded" : "was there already"}, SHA-256 ${sha256}`);
}
