import { medianRatio } from "../../core/index.ts";
import {
  type DecodeAlone,
  describeSettings,
  type Engine,
  generateAtOnce,
  openDecodeAlone,
  openEngine,
  randomTokens,
  type TriedSettings,
} from "../../llama/index.ts";
import type { ModelLoad } from "./model-load.ts";
import type { BenchRow } from "./row.ts";

/** Pairs of measurements, one after the other. */
const PAIRS = 3;
const SAMPLED = "sampled with exact log-probabilities and entropy";

/** How fast a worker's engine is. */
export interface DecodingSpeed {
  /** In full slots. */
  readonly tokensPerSecond: number;
  readonly promptTokensPerSecond: number;
  /** With fewer slots, as many sequences as there are. */
  readonly fewer: readonly { readonly slots: number; readonly tokensPerSecond: number }[];
  /** `llama_decode` alone in full slots, by its settings, the fastest first. */
  readonly tried: readonly TriedSettings[];
  readonly rows: readonly BenchRow[];
}

/**
 * Measures the decoding engine with one sequence and in full slots, beside `llama_decode` alone at the fastest of its
 * settings; and with half and a quarter of the slots, since every row scans the cells of all that run beside it.
 *
 * @throws {FleetError} in one sentence when the model or the device cannot be used
 */
export async function measureDecoding(load: ModelLoad): Promise<DecodingSpeed> {
  const single = load.slots === 1 ? [] : (await measureAt(load, 1)).rows;
  const fewer = [];
  for (const slots of [load.slots >> 2, load.slots >> 1].filter((count) => count > 1))
    fewer.push({ slots, tokensPerSecond: await speedWith(load, slots) });
  const full = await measureAt(load, load.slots);
  const rows = fewer.map(({ slots, tokensPerSecond }) =>
    row(`decoding-${slots}`, tokensPerSecond, "tokens/s", `${SAMPLED}, ${describeLoad(load, slots)}`),
  );
  return { ...full, fewer, rows: [...single, ...rows, ...full.rows] };
}

/** Tokens a second of the engine with so many sequences. */
async function speedWith(load: ModelLoad, sequences: number): Promise<number> {
  const { engine, prompt } = await openFor(load, sequences);
  await using _ = engine;
  let best = 0;
  for (let turn = 1; turn <= PAIRS; turn++) {
    const { decodeMs } = await generateAtOnce(engine, prompt, sequences, load.completionTokens, turn);
    best = Math.max(best, (1_000 * sequences * load.completionTokens) / decodeMs);
  }
  return best;
}

/** An engine with so many slots, which has sampled a token, and the load's prompt. */
async function openFor({ gguf, device, threads, promptTokens, completionTokens }: ModelLoad, slots: number) {
  const engine = await openEngine({
    ...{ gguf, device, slots, threads, template: "raw", exact: false },
    contextTokens: promptTokens + completionTokens + 1,
  });
  const prompt = randomTokens("fleet bench", engine.model.vocabulary, promptTokens);
  await generateAtOnce(engine, prompt, 1, 1, 0);
  return { engine, prompt };
}

function describeLoad({ promptTokens, threads }: ModelLoad, sequences: number): string {
  return `${sequences === 1 ? "one sequence" : `${sequences} sequences`} after ${promptTokens} shared tokens, ${threads === 1 ? "one thread" : `${threads} threads`}`;
}

async function measureAt(load: ModelLoad, sequences: number): Promise<Omit<DecodingSpeed, "fewer">> {
  const { gguf, device, threads, promptTokens, completionTokens } = load;
  const from = performance.now();
  const { engine, prompt } = await openFor(load, sequences);
  await using _ = engine;
  const startSeconds = (performance.now() - from) / 1_000;
  await using alone = await openDecodeAlone({
    ...{ gguf, device, sequences, threads, prompt },
    steps: completionTokens,
  });
  const { ratio, decodeMs, prefillMs } = await compare(engine, alone, prompt, sequences, completionTokens);
  const [fastest] = alone.tried;
  const tokensPerSecond = (1_000 * sequences * completionTokens) / decodeMs;
  const promptTokensPerSecond = (1_000 * promptTokens) / prefillMs;
  const rows: BenchRow[] = [
    row(`decoding-${sequences}`, tokensPerSecond, "tokens/s", `${SAMPLED}, ${describeLoad(load, sequences)}`),
    row(
      `sampling-${sequences}-${threads}`,
      ratio,
      "×",
      `the same against llama_decode alone at its fastest (${fastest && describeSettings(fastest)}), which samples nothing${sequences === 1 ? "; both compute two rows for one" : ""}`,
    ),
  ];
  if (sequences === load.slots) {
    rows.push(
      row("prefill", promptTokensPerSecond, "tokens/s", "of a prompt, evaluated once for its group"),
      row("engine-start", startSeconds, "s", "from opening a worker's engine to its first token"),
    );
  }
  return { tokensPerSecond, promptTokensPerSecond, tried: alone.tried, rows };
}

async function compare(
  engine: Engine,
  alone: DecodeAlone,
  prompt: Int32Array,
  sequences: number,
  steps: number,
) {
  let turn = 1;
  let decodeMs = Number.POSITIVE_INFINITY;
  let prefillMs = Number.POSITIVE_INFINITY;
  const ours = async () => {
    const times = await generateAtOnce(engine, prompt, sequences, steps, turn++);
    decodeMs = Math.min(decodeMs, times.decodeMs);
    prefillMs = Math.min(prefillMs, times.prefillMs);
    return times.decodeMs;
  };
  const ratio = await medianRatio({ ours, theirs: () => alone.run() }, PAIRS);
  return { ratio, decodeMs, prefillMs };
}

function row(id: string, value: number, unit: string, what: string): BenchRow {
  return { id, value, unit, what };
}
