import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { ConfigError, readConfig, shown } from "../core/index.ts";
import { RunConfig } from "./run-config.ts";

/**
 * Reads a `run.yaml`, fills in defaults and makes its paths absolute (they are relative to the file's folder).
 *
 * @throws {ConfigError} when the file is missing, not YAML, or has a wrong key or value
 */
export async function readRunConfig(path: string): Promise<RunConfig> {
  const text = await readText(path, "a run.yaml, such as examples/demo/run.yaml");
  return withAbsolutePaths(readConfig(RunConfig, parseYaml(text, path), path), dirname(resolve(path)));
}

/** Reads a text file that the user named. @throws {ConfigError} saying what would be right */
export async function readText(path: string, wanted: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`${path} cannot be read: name ${wanted}`, { cause });
  });
}

/** Ten times what a configuration has; the time that YAML takes grows with the square of it. */
const MOST_CHARACTERS = 1 << 15;

/** Reads YAML; the first error is told with its line. */
export function parseYaml(text: string, source: string): unknown {
  if (text.length > MOST_CHARACTERS)
    throw new ConfigError(
      `${source} has ${text.length} characters, a configuration at most ${MOST_CHARACTERS}`,
    );
  const problem = (message: string) => {
    const lines = message.trimEnd().split("\n", MOST_LINES);
    return new ConfigError(
      `${source} is not YAML: ${lines.map((line) => shown(line, MOST_LINE)).join("\n")}`,
    );
  };
  const document = within(problem, () => parseDocument(text, { prettyErrors: true }));
  if (document.errors[0] !== undefined) throw problem(document.errors[0].message);
  return within(problem, () => document.toJS());
}

/** Of what the parser says: a sentence, and the place in the text. */
const MOST_LINES = 5;
const MOST_LINE = 200;

/** What nests too deep or names itself again and again is found out by an exception of the parser. */
function within<T>(problem: (message: string) => ConfigError, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof RangeError) throw problem("it is nested too deeply");
    throw problem(cause instanceof Error ? cause.message : String(cause));
  }
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
      variants: Object.fromEntries(
        Object.entries(config.model.variants).map(([name, { sha256, gguf }]) => [
          name,
          { sha256, ...(gguf !== undefined && { gguf: absolute(gguf) }) },
        ]),
      ),
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
    tls: tlsWith(config.tls, absolute),
  };
}

function tlsWith({ mode, ...files }: RunConfig["tls"], absolute: (path: string) => string): RunConfig["tls"] {
  const named = Object.entries(files).flatMap(([key, path]) =>
    path === undefined ? [] : [[key, absolute(path)]],
  );
  return { mode, ...Object.fromEntries(named) };
}
