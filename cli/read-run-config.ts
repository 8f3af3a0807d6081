import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { ConfigError, readConfig } from "../core/index.ts";
import { RunConfig } from "./run-config.ts";

/**
 * Reads a `run.yaml`, fills in defaults and makes its paths absolute (they are relative to the file's folder).
 *
 * @throws {ConfigError} when the file is missing, not YAML, or has a wrong key or value
 */
export async function readRunConfig(path: string): Promise<RunConfig> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`${path} cannot be read: name a run.yaml, such as examples/demo/run.yaml`, {
      cause,
    });
  });
  return withAbsolutePaths(readConfig(RunConfig, parseYaml(text, path), path), dirname(resolve(path)));
}

/** Reads a text file that the user named. @throws {ConfigError} saying what would be right */
export async function readText(path: string, wanted: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`${path} cannot be read: name ${wanted}`, { cause });
  });
}

/** Reads YAML; the first error is told with its line. */
export function parseYaml(text: string, source: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const problem = document.errors[0];
  if (problem !== undefined) throw new ConfigError(`${source} is not YAML: ${problem.message.trimEnd()}`);
  return document.toJS();
}

function withAbsolutePaths(config: RunConfig, folder: string): RunConfig {
  const absolute = (path: string) => resolve(folder, path);
  const unless = (words: readonly string[], path: string) => (words.includes(path) ? path : absolute(path));
  return {
    ...config,
    model: {
      ...config.model,
      gguf: absolute(config.model.gguf),
      template: unless(["gguf", "raw"], config.model.template),
    },
    dataset: {
      ...config.dataset,
      train: config.dataset.train.map(absolute),
      prompt: unless(["swe-rl", "raw"], config.dataset.prompt),
    },
    reward: {
      ...config.reward,
      components: config.reward.components.map((part) =>
        part.kind === "module" ? { ...part, path: absolute(part.path) } : part,
      ),
    },
    eval: { ...config.eval, dataset: config.eval.dataset.map(absolute) },
  };
}
