import { readFile } from "node:fs/promises";
import { type Child, openChild } from "../child/index.ts";
import { adapterShape, checkAdapterFits, type ModelInfo, openGguf, readModelInfo } from "../gguf/index.ts";
import { explainEngineLack } from "../memory/explain-lack.ts";
import { createTemplate, type PromptTemplate, TemplateError } from "../prompt/index.ts";
import { withAdapterFile } from "./adapter-file.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import type { EngineProtocol } from "./engine-protocol.ts";
import type { GroupHandle, GroupRequest, GroupSink } from "./generation.ts";
import { createOpenGroups, type OpenGroups } from "./open-groups.ts";

const OPEN_MS = 600_000;
const ADAPTER_MS = 120_000;
const ANSWER_MS = 60_000;
/** Scoring and draining take as long as the work that is there. */
const WORK_MS = 3_600_000;

/**
 * Opens a decoding engine in a child process. It ends when it is disposed or this process ends.
 *
 * @param name - how errors and deadlines name it
 * @throws {FleetError} in one sentence when the model, the template or the device cannot be used
 */
export async function openEngine(options: EngineOptions, name = "the decoding engine"): Promise<Engine> {
  const info = await readModelInfo(options.gguf);
  const template = await readTemplate(options.template, info);
  const groups = createOpenGroups();
  const child = openChild<EngineProtocol>({
    entry: new URL("engine-process.ts", import.meta.url),
    name,
    on: {
      finished: ({ group, completion }) => groups.finished(group, completion),
      failed: ({ group, sample, failure }) => groups.failed(group, sample, failure),
    },
  });
  void child.failed.then(({ message }) =>
    groups.failAll({ errorClass: "engine-died", message, retry: true }),
  );
  try {
    const { device, endTokens } = await child.call("open", options, OPEN_MS);
    const { base = info.digest } = options;
    return createEngine(child, groups, template, { ...info, endTokens }, { device, name, base });
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw await explainEngineLack(error, options);
  }
}

function createEngine(
  child: Child<EngineProtocol>,
  groups: OpenGroups,
  template: PromptTemplate,
  model: ModelInfo,
  { device, name, base }: { readonly device: string; readonly name: string; readonly base: string },
): Engine {
  return {
    device,
    model,
    failed: child.failed,
    tokenizePrompt: async (messages) => child.call("tokenize", template(messages), ANSWER_MS),
    async loadAdapter(adapter, gguf) {
      await withAdapterFile(adapter, gguf, async (path) => {
        await checkFile(path, { ...model, digest: base }, `adapter ${adapter}`);
        await child.call("loadAdapter", { adapter, path }, ADAPTER_MS);
      });
    },
    dropAdapter: (adapter) => child.call("dropAdapter", { adapter }, ANSWER_MS),
    activate: (policy, running) => child.call("activate", { policy, running }, WORK_MS),
    generate: (request, sink) => generate(child, groups, request, sink),
    score: (request) => child.call("score", request, WORK_MS),
    status: () => child.call("status", undefined, ANSWER_MS),
    async [Symbol.asyncDispose]() {
      groups.failAll({ errorClass: "engine-closed", message: `${name} was closed`, retry: true });
      await child[Symbol.asyncDispose]();
    },
  };
}

function generate(
  child: Child<EngineProtocol>,
  groups: OpenGroups,
  request: GroupRequest,
  sink: GroupSink,
): GroupHandle {
  const samples = request.samples.map(({ sample }) => sample);
  const { group, done } = groups.add(samples, sink);
  const failAll = (error: Error) => {
    for (const sample of samples)
      groups.failed(group, sample, { errorClass: "engine-died", message: error.message, retry: true });
  };
  child.call("generate", { group, request }, ANSWER_MS).catch(failAll);
  return {
    done,
    cancel(sample) {
      groups.forget(group, sample);
      child.call("cancel", { group, sample }, ANSWER_MS).catch(failAll);
    },
    async handOver() {
      const completions = await child.call("handOver", { group }, ANSWER_MS);
      groups.forget(group);
      return completions;
    },
  };
}

/** Checks that a file is an adapter for the model, by its header. */
async function checkFile(path: string, model: ModelInfo, name: string): Promise<void> {
  await using file = await openGguf(path, name);
  checkAdapterFits(adapterShape(file, name), model, name);
}

/** The template that `choice` names: "gguf", "raw", or a file. */
async function readTemplate(choice: string, model: ModelInfo): Promise<PromptTemplate> {
  if (choice === "raw") return createTemplate({ kind: "raw" });
  if (choice === "gguf") return createTemplate({ kind: "gguf", ...model });
  const template = await readFile(choice, "utf8").catch((cause) => {
    throw new TemplateError(`cannot read the chat template ${choice}: ${cause.message}`, { cause });
  });
  return createTemplate({ kind: "file", ...model, template });
}
