import { openChild } from "../child/index.ts";
import { DecodingConfig } from "../config.ts";
import { isRepacked, settingsOf } from "../decoding/settings.ts";
import type { DecodeLoad, MeasuringProtocol, TriedSettings } from "./protocol.ts";

const MEASURE_MS = 3_600_000;
const TOLD_NOTHING = { exact: false };
const USUAL = { ...settingsOf(TOLD_NOTHING, { kind: "cpu" }), repacked: isRepacked(TOLD_NOTHING) };

/** `llama_decode` alone under a load, at the fastest of its settings. Disposing ends its process. */
export interface DecodeAlone extends AsyncDisposable {
  /** Every combination of settings, the fastest first. */
  readonly tried: readonly TriedSettings[];
  /** Evaluates the prompt, then decodes; milliseconds of the steps alone. */
  run(): Promise<number>;
}

/**
 * Opens a model in a process of its own and tries llama.cpp's settings on a load.
 *
 * @param signal - ends it, while it tries too
 * @throws {FleetError} in one sentence when the model or the device cannot be used; as cancelled once `signal` aborts
 */
export async function openDecodeAlone(load: DecodeLoad, signal?: AbortSignal): Promise<DecodeAlone> {
  await using opening = new AsyncDisposableStack();
  const child = opening.use(
    openChild<MeasuringProtocol>({
      entry: new URL("measuring-process.ts", import.meta.url),
      name: "the measurement of llama_decode",
      signal,
      on: {},
    }),
  );
  const tried = await child.call("open", load, MEASURE_MS);
  const open = opening.move();
  return {
    tried,
    run: () => child.call("run", undefined, MEASURE_MS),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/**
 * What `model.decoding` says for the fastest of the settings that an engine can be told: its cells are one stretch.
 *
 * @param tried - the fastest first
 */
export function fastestDecoding(tried: readonly TriedSettings[]): DecodingConfig {
  const { flashAttention, cells, repacked } = tried.find(({ unified }) => unified) ?? {};
  return DecodingConfig.parse({ flashAttention, cells, repacked });
}

/**
 * How many times as fast as the default it is on a CPU; 1 where either was not tried.
 *
 * @param tried - the fastest first
 */
export function gainOverDefault(tried: readonly TriedSettings[]): number {
  const fastest = tried.find(({ unified }) => unified);
  const usual = defaultOf(tried);
  return fastest === undefined || usual === undefined ? 1 : fastest.tokensPerSecond / usual.tokensPerSecond;
}

/** What an engine does that is told nothing, on a CPU; undefined where it was not tried. */
export function defaultOf(tried: readonly TriedSettings[]): TriedSettings | undefined {
  return tried.find(
    ({ flashAttention, cells, unified, repacked }) =>
      flashAttention === USUAL.flashAttention &&
      cells === USUAL.cells &&
      unified === USUAL.unified &&
      repacked === USUAL.repacked,
  );
}

/** Settings in words. */
export function describeSettings({ flashAttention, cells, unified, repacked }: TriedSettings): string {
  return `flash attention ${flashAttention}, ${cells} cells, ${unified ? "" : "not "}unified, ${repacked ? "" : "not "}repacked`;
}
