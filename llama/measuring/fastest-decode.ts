/**
 * `llama_decode` and nothing else: steps of many sequences that share a prompt, their tokens known beforehand. A single
 * sequence is decoded beside a row of padding, as an engine does.
 *
 * @module
 */
import { stat } from "node:fs/promises";
import { availableMemory } from "node:process";
import { median } from "../../core/index.ts";
import { ContextError, type DecodeContext, openContext } from "../decoding/context.ts";
import { type LoadedModel, loadModel } from "../decoding/load-model.ts";
import type { DecodeSettings } from "../decoding/settings.ts";
import { DeviceMemoryError } from "../native/device-memory-error.ts";
import { withLlamaLog } from "../native/llama-api.ts";
import type { DecodeLoad, TriedSettings } from "./protocol.ts";

/** The combinations of llama.cpp's settings for a load, the fastest of them ready to run. */
export interface FastestDecode {
  /** The fastest first. */
  readonly tried: readonly TriedSettings[];
  /** Evaluates the prompt, then decodes; returns the milliseconds of the steps alone. */
  run(): number;
}

type Candidate = Omit<TriedSettings, "tokensPerSecond">;

const PROBE_STEPS = 5;

/** Tries each combination of settings on a load. */
export async function openFastest(load: DecodeLoad): Promise<FastestDecode> {
  const models = await loadModels(load);
  const tried = [...models].flatMap(([repacked, model]) =>
    combinations().flatMap((settings): TriedSettings[] => {
      const ms = runWhereItFits(model, settings, { ...load, steps: PROBE_STEPS });
      return ms === null
        ? []
        : [{ ...settings, repacked, tokensPerSecond: (1_000 * load.sequences) / median(ms) }];
    }),
  );
  const sorted = tried.toSorted((a, b) => b.tokensPerSecond - a.tokensPerSecond);
  const [fastest] = sorted;
  const model = models.get(fastest?.repacked ?? false);
  if (fastest === undefined || model === undefined)
    throw new DeviceMemoryError("there is too little memory for the load, whatever the settings", "reject");
  return {
    tried: sorted,
    run: () => runOnce(model, fastest, load).reduce((sum, ms) => sum + ms, 0),
  };
}

/** As the file has them; on a CPU also repacked, where there is room for a copy of the weights. */
async function loadModels({ gguf, device }: DecodeLoad): Promise<ReadonlyMap<boolean, LoadedModel>> {
  const models = new Map([[false, loadModel(gguf, device)]]);
  const hasRoom = (await stat(gguf)).size < availableMemory() / 2;
  if (models.get(false)?.device.kind === "cpu" && hasRoom)
    models.set(true, loadModel(gguf, device, { isRepacked: true }));
  return models;
}

function combinations(): Omit<Candidate, "repacked">[] {
  return (["off", "on"] as const).flatMap((flashAttention) =>
    (["f16", "f32"] as const).flatMap((cells) =>
      [true, false].map((unified) => ({ flashAttention, cells, unified })),
    ),
  );
}

/** Null where memory does not suffice for these settings. */
function runWhereItFits(model: LoadedModel, settings: DecodeSettings, load: DecodeLoad): number[] | null {
  try {
    return runOnce(model, settings, load);
  } catch (error) {
    if (error instanceof DeviceMemoryError || error instanceof ContextError) return null;
    throw error;
  }
}

/** Milliseconds of each step. */
function runOnce(model: LoadedModel, settings: DecodeSettings, load: DecodeLoad): number[] {
  const { sequences, threads, prompt, steps } = load;
  const own = settings.unified ? sequences * steps : steps;
  const size = { cells: prompt.length + own, sequences, outputs: sequences, threads, settings };
  const opened = openContext(model, size);
  return withLlamaLog(model.llama, () => {
    using context = opened;
    const ids = Array.from({ length: sequences }, () => context.takeSequence());
    evaluate(context, prompt, ids[0] as number);
    for (const id of ids.slice(1)) context.share(ids[0] as number, id);
    return Array.from({ length: steps }, (_, step) => {
      context.batch.clear();
      for (const id of ids)
        context.batch.add((1000 + 31 * id + 997 * step) % model.vocabulary, prompt.length + step, id, true);
      const from = performance.now();
      context.decode();
      return performance.now() - from;
    });
  }).result;
}

function evaluate(context: DecodeContext, prompt: Int32Array, sequence: number): void {
  for (let from = 0; from < prompt.length; from += context.mostRows) {
    context.batch.clear();
    for (const [index, token] of prompt.subarray(from, from + context.mostRows).entries())
      context.batch.add(token, from + index, sequence, from + index === prompt.length - 1);
    context.decode();
  }
}
