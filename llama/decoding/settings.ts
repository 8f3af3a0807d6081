import { DecodingConfig } from "../config.ts";
import type { GgmlDevice } from "../native/libraries.ts";
import type { CACHE_TYPE, FLASH_ATTENTION } from "../native/llama-structs.ts";
import type { EngineOptions } from "./engine.ts";

/** Settings of llama.cpp that change speed, and logits by rounding alone. */
export interface DecodeSettings {
  readonly flashAttention: keyof typeof FLASH_ATTENTION;
  /** Type of the KV cells. */
  readonly cells: keyof typeof CACHE_TYPE;
  /** Whether sequences share one stretch of cells, all scanned by every row, or have one of their own each. */
  readonly unified: boolean;
}

/** What an engine is told of its settings. */
export type AskedSettings = Pick<EngineOptions, "exact" | "decoding">;

const DEFAULTS = DecodingConfig.parse({});

/** How an engine that is asked for so decodes on a device. Flash attention is slower on a CPU while contexts are short. */
export function settingsOf(
  { exact, decoding = DEFAULTS }: AskedSettings,
  device: Pick<GgmlDevice, "kind">,
): DecodeSettings {
  if (exact) return { flashAttention: "off", cells: "f32", unified: false };
  const { flashAttention, cells } = decoding;
  const isLeftToUs = flashAttention === "auto" && device.kind === "cpu";
  return { flashAttention: isLeftToUs ? "off" : flashAttention, cells, unified: true };
}

/** Whether an engine that is asked for so holds repacked weights. */
export function isRepacked({ exact, decoding = DEFAULTS }: AskedSettings): boolean {
  return !exact && decoding.repacked;
}
