/**
 * One `llama_context`: the KV cells of many sequences, and the adapter under which they are computed.
 *
 * Whatever number of sequences a batch holds, a row is computed by the same kernels, unless weights are repacked: ggml takes another one for a
 * single row, so a batch has never fewer than two rows, nor a single row of logits. Where each sequence has cells of its own, llama.cpp computes
 * rows of sequences that follow each other together: there a row that would be alone has one of the next sequence beside it, which is forgotten.
 *
 * @module
 */
import { FleetError } from "../../core/index.ts";
import { DeviceMemoryError } from "../native/device-memory-error.ts";
import { withLlamaLog } from "../native/llama-api.ts";
import { CACHE_TYPE, FLASH_ATTENTION } from "../native/llama-structs.ts";
import type { LoadedModel } from "./load-model.ts";
import { logitsAt } from "./logits-at.ts";
import { createRowBatch, type RowBatch } from "./row-batch.ts";
import type { DecodeSettings } from "./settings.ts";

/** The device cannot hold or compute what is asked. */
export class ContextError extends FleetError {
  readonly code = "llama.context_failed";
  readonly disposition = "retry";
}

/** Sizes of a context. */
export interface ContextSize {
  /** Cells: tokens that sequences hold together, shared ones once; of each sequence where they are not unified. */
  readonly cells: number;
  /** Sequences at once. */
  readonly sequences: number;
  /** Rows of logits at once; at least one a sequence. */
  readonly outputs: number;
  readonly threads: number;
  readonly settings: DecodeSettings;
}

/** An open context. */
export interface DecodeContext extends Disposable {
  /** To be filled for {@link decode}. */
  readonly batch: RowBatch;
  /** The most rows that a batch takes. */
  readonly mostRows: number;
  /** Whether sequences share one stretch of cells. Where not, rows of a batch are to be in their order. */
  readonly isUnified: boolean;
  /** Takes the first sequence that is not in use, or the last. */
  takeSequence(which?: "first" | "last"): number;
  /** Gives a sequence back; cells that no other sequence shares become free. */
  giveSequence(sequence: number): void;
  /** Lets `target` share all cells of `source`. */
  share(source: number, target: number): void;
  /** Computes the batch. Synchronous; logits are ready after it. */
  decode(): void;
  /** Logits of a row that asked for them, [vocabulary]; a view, valid until the next decode. */
  logits(row: number): Float32Array;
  /** Where these are. */
  logitsAddress(row: number): bigint;
  /** Computes under this adapter from now on; null for the base alone. */
  setAdapter(adapter: bigint | null): void;
}

/**
 * KQ in float32, where flash attention does not avoid it, may take this much memory. What takes more on a CPU takes longer
 * than a chunk may: see `createPace`.
 */
const ATTENTION_BYTES = { cpu: 64 * 2 ** 20, gpu: 512 * 2 ** 20 };
/** llama.cpp rounds cells of a stretch up to this. */
const CELL_STEP = 256;
const MOST_ROWS = 512;
const FEWEST_ROWS = 32;

/**
 * Opens a context over a model's weights.
 *
 * @throws {DeviceMemoryError} when memory does not suffice
 */
export function openContext(model: LoadedModel, size: ContextSize): DecodeContext {
  const { llama } = model;
  const { context, mostRows } = initContext(model, size);
  const memory = llama.getMemory(context);
  const { unified: isUnified } = size.settings;
  const spare = size.sequences; // Nobody's.
  const inUse = Array.from({ length: size.sequences }, () => false);
  const batch = createRowBatch(mostRows);
  const logitsAddress = (row: number) => {
    const address = llama.getLogitsIth(context, row);
    if (address === null) throw new ContextError(`no logits of row ${row}`);
    return address;
  };
  /** Adds rows beside those that would be computed alone. @returns their sequences and positions */
  const pad = (): [number, number][] => {
    const beside = isUnified ? (batch.rows === 1 ? [spare] : []) : batch.lonely().map((of) => of + 1);
    const wantsLogits = batch.outputs > 0;
    return beside.map((sequence) => {
      const position = llama.memorySeqPosMax(memory, sequence) + 1;
      batch.add(0, position, sequence, wantsLogits);
      return [sequence, position];
    });
  };
  return {
    batch,
    mostRows,
    isUnified,
    takeSequence(which = "first") {
      const sequence = which === "first" ? inUse.indexOf(false) : inUse.lastIndexOf(false);
      if (sequence < 0) throw new ContextError(`all ${size.sequences} sequences are in use`);
      inUse[sequence] = true;
      return sequence;
    },
    giveSequence(sequence) {
      llama.memorySeqRm(memory, sequence, -1, -1);
      inUse[sequence] = false;
    },
    share: (source, target) => llama.memorySeqCp(memory, source, target, -1, -1),
    decode() {
      const padding = pad();
      if (batch.outputs === 1) batch.wantAnother();
      const status = llama.decode(context, batch.struct());
      llama.synchronize(context);
      for (const [sequence, position] of padding) llama.memorySeqRm(memory, sequence, position, -1);
      if (status !== 0) throw new ContextError(`llama_decode of ${batch.rows} rows answers ${status}`);
    },
    logits: (row) => logitsAt(logitsAddress(row), model.vocabulary),
    logitsAddress,
    setAdapter(adapter) {
      const count = adapter === null ? 0 : 1;
      const status = llama.setAdaptersLora(
        context,
        BigUint64Array.of(adapter ?? 0n),
        count,
        Float32Array.of(1),
      );
      if (status !== 0) throw new ContextError(`llama_set_adapters_lora answers ${status}`);
    },
    [Symbol.dispose]: () => llama.free(context),
  };
}

/** llama.cpp's own context. */
export interface InitializedContext {
  readonly context: bigint;
  /** The most rows that a batch may have. */
  readonly mostRows: number;
  /** What llama.cpp said: the sizes of its buffers among other things. */
  readonly lines: readonly string[];
}

/** Has llama.cpp make a context. @throws {ContextError | DeviceMemoryError} with its complaints */
export function initContext(model: LoadedModel, size: ContextSize): InitializedContext {
  const { llama, handle } = model;
  const { settings } = size;
  const mostRows = Math.max(rowsFor(size.cells, model), size.sequences, size.outputs);
  const params = {
    ...llama.contextDefaultParams(),
    n_ctx: cellsOf(size),
    n_batch: mostRows,
    n_ubatch: mostRows,
    n_seq_max: size.sequences + 1,
    n_outputs_max: Math.max(size.outputs, size.sequences) + 1, // Not below n_seq_max: llama.cpp asserts it.
    n_threads: size.threads,
    n_threads_batch: size.threads,
    flash_attn_type: FLASH_ATTENTION[settings.flashAttention],
    type_k: CACHE_TYPE[settings.cells],
    type_v: CACHE_TYPE[settings.cells],
    kv_unified: settings.unified,
  };
  const logged = withLlamaLog(llama, () => llama.initFromModel(handle, params));
  const { result: context, complaints, lines } = logged;
  if (context === null) throw contextError(size, complaints);
  return { context, mostRows, lines };
}

/** Cells of all sequences together, and room for a row of padding, as llama.cpp rounds them up. */
export function cellsOf({ cells, sequences, settings }: ContextSize): number {
  const [stretches, each] = settings.unified ? [1, cells + 1] : [sequences + 1, cells];
  return stretches * Math.ceil(each / CELL_STEP) * CELL_STEP;
}

function contextError({ cells }: ContextSize, complaints: string): ContextError | DeviceMemoryError {
  if (!complaints.includes("failed to allocate"))
    return new ContextError(`cannot make a context of ${cells} tokens: ${complaints}`);
  const last = complaints.split("; ").at(-1);
  return new DeviceMemoryError(
    `there is too little memory for a context of ${cells} tokens: ${last}`,
    "retry",
  );
}

function rowsFor(cells: number, { heads, device }: LoadedModel): number {
  const most = device.kind === "cpu" ? ATTENTION_BYTES.cpu : ATTENTION_BYTES.gpu;
  const fitting = Math.floor(most / (cells * heads * Float32Array.BYTES_PER_ELEMENT));
  return Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, fitting));
}
