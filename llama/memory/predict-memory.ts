import { openChild } from "../child/index.ts";
import type { EngineMemory, EngineSizes, GradientMemory, GradientSizes, MemoryProtocol } from "./protocol.ts";

const ANSWER_MS = 120_000;

/**
 * What a decoding engine would take, found out by llama.cpp itself in a process of its own; nothing is loaded.
 *
 * @throws {FleetError} in one sentence when the GGUF or the device cannot be used
 */
export async function predictEngineMemory(sizes: EngineSizes): Promise<EngineMemory> {
  await using child = openMemoryChild();
  return await child.call("engine", sizes, ANSWER_MS);
}

/**
 * What a gradient engine would take, found out by its own code over a device that only counts; nothing is loaded.
 *
 * @throws {FleetError} in one sentence when the GGUF or the device cannot be used, or texts are too long for the engine
 */
export async function predictGradientMemory(sizes: GradientSizes): Promise<GradientMemory> {
  await using child = openMemoryChild();
  return await child.call("gradient", sizes, ANSWER_MS);
}

function openMemoryChild() {
  return openChild<MemoryProtocol>({
    entry: new URL("memory-process.ts", import.meta.url),
    name: "the prediction of memory",
    on: {},
  });
}
