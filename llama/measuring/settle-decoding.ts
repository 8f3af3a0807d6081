import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../core/index.ts";
import { DecodingConfig, type ToldDecoding } from "../config.ts";
import type { ModelInfo } from "../gguf/index.ts";
import { kernelsInUse } from "../native/cpu-kernels.ts";
import type { Device } from "../native/libraries.ts";
import { librariesVersion } from "../native/library-folder.ts";
import { randomTokens } from "./gradient-work.ts";
import { fastestDecoding, gainOverDefault, openDecodeAlone } from "./open-decode-alone.ts";

/** What a worker decodes on, and with how much at once. */
export interface DecodingPlace {
  readonly gguf: string;
  /** Of that file. */
  readonly model: Pick<ModelInfo, "digest" | "vocabulary">;
  readonly device: Device;
  readonly slots: number;
  readonly threads: number;
}

/** How to decode, and whence it is known. */
export interface SettledDecoding {
  readonly decoding: ToldDecoding;
  /** told: as asked; tried: measured just now; kept: measured when a worker started here before. */
  readonly known: "told" | "tried" | "kept";
}

/** Shared tokens that sequences have before them in the trial. */
const PROMPT_TOKENS = 256;
/** Less is within what a short trial on a busy machine is off. */
const LEAST_GAIN = 1.1;

/**
 * Decides how to decode. Where the fastest is asked for, it is what `llama_decode` was fastest with on this model, load and machine
 * when that was tried first: seconds for a small model, once for each; other workers of the machine, and later ones, take the same.
 *
 * @param signal - ends a trial
 * @throws {FleetError} in one sentence when the model or the device cannot be used; as cancelled once `signal` aborts
 */
export async function settleDecoding(
  asked: DecodingConfig,
  place: DecodingPlace,
  signal?: AbortSignal,
): Promise<SettledDecoding> {
  if (!asked.fastest) return { decoding: asked, known: "told" };
  const path = pathOf(place);
  const kept = await readKept(path);
  if (kept !== null) return { decoding: kept, known: "kept" };
  const decoding = await tryAll(place, signal);
  const agreed = await keep(path, decoding);
  return agreed === null ? { decoding, known: "tried" } : { decoding: agreed, known: "kept" };
}

/** The settings that may be chosen which take the most memory. */
export function largestDecoding(asked: DecodingConfig): ToldDecoding {
  return asked.fastest ? { ...asked, cells: "f32", repacked: true } : asked;
}

async function tryAll(
  { gguf, model, device, slots, threads }: DecodingPlace,
  signal: AbortSignal | undefined,
): Promise<DecodingConfig> {
  const prompt = randomTokens("decoding settings", model.vocabulary, PROMPT_TOKENS);
  await using alone = await openDecodeAlone(
    { gguf, device, sequences: slots, threads, prompt, steps: 1 },
    signal,
  );
  const isWorthIt = gainOverDefault(alone.tried) >= LEAST_GAIN;
  return isWorthIt ? fastestDecoding(alone.tried) : DecodingConfig.parse({});
}

/** Where it is kept what was the fastest of this model, load and machine. */
function pathOf({ model, device, slots, threads }: DecodingPlace): string {
  const processors = cpus();
  const facts = [
    ...[model.digest, device, slots, threads, librariesVersion(), kernelsInUse().compiler],
    ...[processors[0]?.model, processors.length],
    ...[process.env["CUDA_VISIBLE_DEVICES"], process.env["GGML_VK_VISIBLE_DEVICES"]],
  ];
  const name = createHash("sha256").update(JSON.stringify(facts)).digest("hex");
  return join(cacheFolder("decoding"), `${name}.json`);
}

/** Null where nothing that can be used is kept. */
async function readKept(path: string): Promise<DecodingConfig | null> {
  try {
    return DecodingConfig.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}

/** Keeps it for those who come later. @returns what another has kept meanwhile; null where it is this, or nothing can be kept */
async function keep(path: string, decoding: DecodingConfig): Promise<DecodingConfig | null> {
  const whole = `${path}.${process.pid}-${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(whole, JSON.stringify(decoding));
  } catch {
    return null;
  }
  try {
    await link(whole, path); // Only the first of several succeeds.
    return null;
  } catch {
    const kept = await readKept(path);
    if (kept === null) await rename(whole, path); // What is there is damaged.
    return kept;
  } finally {
    await rm(whole, { force: true });
  }
}
