/**
 * What it takes to open an engine on a model of 1 GB: the time to its first token, and the memory of one and of two engines of one
 * machine, which map the same file.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { randomKey } from "../../core/index.ts";
import { openEngine, openGguf, type StreamedTensor, writeGguf } from "../../llama/index.ts";
import { cachedModel } from "../cached-model.ts";
import type { Bench, Row } from "../row.ts";

const MIB = 2 ** 20;
const KIB = 2 ** 10;

/** Rows `engine-start-…`. */
export const engineStartBench: Bench = {
  name: "engine-start",
  async measure(): Promise<Row[]> {
    const gguf = await gigabyteModel();
    const from = performance.now();
    await using first = await openOn(gguf);
    await firstToken(first);
    const seconds = (performance.now() - from) / 1_000;
    const alone = await memoryOfEngines();
    await using second = await openOn(gguf);
    await firstToken(second);
    const together = await memoryOfEngines();
    const model = "a GGUF of 1 GB, Q8_0, its file in the page cache, context of 512 tokens, one thread";
    return [
      {
        id: "engine-start",
        what: `from opening an engine to its first token, ${model}`,
        value: seconds,
        unit: "s",
      },
      {
        id: "engine-start-memory",
        what: `memory of one engine on it, its share of mapped pages included (PSS)`,
        value: alone / MIB,
        unit: "MiB",
      },
      {
        id: "engine-start-second",
        what: "memory that a second engine of the same machine and file adds (PSS)",
        value: (together - alone) / MIB,
        unit: "MiB",
      },
    ];
  },
};

function openOn(gguf: string) {
  return openEngine({
    gguf,
    device: "cpu",
    slots: 1,
    contextTokens: 512,
    threads: 1,
    template: "raw",
    exact: false,
  });
}

async function firstToken(engine: Awaited<ReturnType<typeof openOn>>): Promise<void> {
  const failures: string[] = [];
  const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: 1, stop: [] };
  const samples = [{ sample: 0, key: randomKey("first token") }];
  await engine.generate(
    { task: "first", prompt: Int32Array.of(1, 2, 3, 4), samples, sampling },
    { finished: () => {}, failed: (_, { message }) => void failures.push(message) },
  ).done;
  if (failures.length > 0) throw new Error(failures[0]);
}

/** Bytes of the engines that this process has opened: what is theirs alone, and their share of what is not. */
async function memoryOfEngines(): Promise<number> {
  let bytes = 0;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!status.includes(`PPid:\t${process.pid}\n`) || !command.includes("engine-process.ts")) continue;
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
    bytes += KIB * Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
  }
  return bytes;
}

const LAYERS = 18;
const ONE_LAYER = {
  type: "Q8_0",
  vocabulary: 32_000,
  layers: 1,
  embedding: 2_048,
  heads: 16,
  kvHeads: 8,
  feedForward: 5_632,
  contextTokens: 2_048,
  isTied: true,
} as const;

/** A Llama of that size, whose layers have all the same random weights, since a billion others take long to draw. @returns its file */
async function gigabyteModel(): Promise<string> {
  const one = await cachedModel("llama-1x2048-vocabulary-32000-q8_0", ONE_LAYER);
  const path = one.replace("llama-1x", `llama-${LAYERS}x`);
  if (existsSync(path)) return path;
  await using file = await openGguf(one);
  const metadata = new Map(file.metadata).set("llama.block_count", { kind: "uint32", value: LAYERS });
  const tensors = [...file.tensors.values()].flatMap((tensor): StreamedTensor[] => {
    const isOfLayer = tensor.name.startsWith("blk.0.");
    return Array.from({ length: isOfLayer ? LAYERS : 1 }, (_, layer) => ({
      ...tensor,
      name: tensor.name.replace("blk.0.", `blk.${layer}.`),
      chunks: async function* () {
        yield await file.readRows(tensor);
      },
    }));
  });
  await writeGguf(path, metadata, tensors);
  return path;
}
