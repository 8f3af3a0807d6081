import { openChild } from "../child/index.ts";
import { DecodingConfig } from "../config.ts";
import type { DecodeLoad, MeasuringProtocol, TriedSettings } from "./protocol.ts";

const MEASURE_MS = 3_600_000;

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
 * @throws {FleetError} in one sentence when the model or the device cannot be used
 */
export async function openDecodeAlone(load: DecodeLoad): Promise<DecodeAlone> {
  await using opening = new AsyncDisposableStack();
  const child = opening.use(
    openChild<MeasuringProtocol>({
      entry: new URL("measuring-process.ts", import.meta.url),
      name: "the measurement of llama_decode",
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

/** Settings in words. */
export function describeSettings({ flashAttention, cells, unified, repacked }: TriedSettings): string {
  return `flash attention ${flashAttention}, ${cells} cells, ${unified ? "" : "not "}unified, ${repacked ? "" : "not "}repacked`;
}
