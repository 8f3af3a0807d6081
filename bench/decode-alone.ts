/**
 * `llama_decode` and nothing else: steps of many sequences that share a prompt, their tokens known beforehand.
 *
 * @module
 */
import { type DecodeContext, type DecodeSettings, openContext } from "../llama/decoding/context.ts";
import { type LoadedModel, loadModel } from "../llama/decoding/load-model.ts";
import { withLlamaLog } from "../llama/native/llama-api.ts";
import { median } from "./pairs.ts";

/** How many sequences, on how many threads, after which prompt, for how many steps. */
export interface Load {
  readonly sequences: number;
  readonly threads: number;
  readonly prompt: Int32Array;
  readonly steps: number;
}

/** The fastest of llama.cpp's settings for a load. */
export interface DecodeAlone {
  /** In words. */
  readonly settings: string;
  /** Evaluates the prompt, then decodes; returns the milliseconds of the steps alone. */
  run(): number;
}

interface Candidate {
  readonly name: string;
  readonly settings: DecodeSettings;
  readonly isRepacked: boolean;
}

const PROBE_STEPS = 5;

/** Tries each combination of settings on a load and returns the fastest. */
export function openFastest(gguf: string, load: Load): DecodeAlone {
  const timed = candidates().map((candidate) => {
    const ms = runOnce(modelOf(gguf, candidate.isRepacked), candidate, { ...load, steps: PROBE_STEPS });
    return { candidate, ms: median(ms) };
  });
  const { candidate } = timed.reduce((best, each) => (each.ms < best.ms ? each : best));
  const run = () => {
    const ms = runOnce(modelOf(gguf, candidate.isRepacked), candidate, load);
    return ms.reduce((sum, each) => sum + each, 0);
  };
  return { settings: candidate.name, run };
}

function candidates(): Candidate[] {
  return [false, true].flatMap((isRepacked) =>
    (["off", "on"] as const).flatMap((flashAttention) =>
      (["f16", "f32"] as const).flatMap((cache) =>
        [true, false].map((unified) => ({
          name: `flash attention ${flashAttention}, ${cache} cells, ${unified ? "" : "not "}unified, ${isRepacked ? "" : "not "}repacked`,
          settings: { flashAttention, cache, unified },
          isRepacked,
        })),
      ),
    ),
  );
}

const loaded = new Map<string, LoadedModel>();

function modelOf(gguf: string, isRepacked: boolean): LoadedModel {
  const key = `${gguf} ${isRepacked}`;
  const model = loaded.get(key) ?? loadModel(gguf, "cpu", { isRepacked });
  loaded.set(key, model);
  return model;
}

/** Milliseconds of each step. */
function runOnce(model: LoadedModel, { settings }: Candidate, load: Load): number[] {
  const { sequences, threads, prompt, steps } = load;
  const own = settings.unified ? sequences * steps : steps;
  const size = { cells: prompt.length + own, sequences, outputs: sequences, threads, exact: false, settings };
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
