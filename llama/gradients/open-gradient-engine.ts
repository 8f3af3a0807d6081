import { DeadlineError } from "../../core/index.ts";
import { type Child, EngineDiedError, openChild } from "../child/index.ts";
import { type ModelInfo, readModelInfo } from "../gguf/index.ts";
import { explainGradientLack, explainGradientLoad, isLackOfMemory } from "../memory/explain-lack.ts";
import type { MicroBatch } from "./micro-batch.ts";
import type { Matrix } from "./orthogonalize.ts";
import type { Parameter } from "./parameters.ts";
import type { ForwardResult } from "./plan.ts";
import type { ForwardAdapter, GradientOptions, GradientProtocol } from "./protocol.ts";

const OPEN_MS = 600_000;
/** A micro-batch on a large model and a slow device. */
const COMPUTE_MS = 3_600_000;
const COPY_MS = 120_000;
const NO_BATCH: MicroBatch = { temperature: 1, sequences: [] };

/**
 * Log-probabilities and their gradients, computed in a child process on the bytes of a GGUF. Calls of one lane are
 * answered in the order in which they are made; lanes compute side by side.
 */
export interface GradientEngine extends AsyncDisposable {
  /** ggml's name of the device. */
  readonly device: string;
  readonly model: ModelInfo;
  /** Micro-batches that may be under way at once, one a lane: 0 up to this. */
  readonly lanes: number;
  /** Resolves when the child ends unasked. */
  readonly failed: Promise<EngineDiedError>;
  /**
   * What is trained. LoRA: for each layer and target "blk.0.attn_q.weight.lora_a" [rank × inputs] and
   * "blk.0.attn_q.weight.lora_b" [outputs × rank], which start as zeros; all weights: the GGUF's tensors by name and in
   * its order, a vector as one row.
   */
  readonly parameters: readonly Parameter[];
  /** All parameters, concatenated in that order, each row-major. */
  readParameters(): Promise<Float32Array>;
  writeParameters(flat: Float32Array): Promise<void>;
  /**
   * Values of the predicted tokens, sequences concatenated, under softmax(logits / temperature). Only a forward of
   * "trained" is kept for {@link GradientEngine.backward}; the others leave it as it is.
   *
   * @param lane - 0 when left out
   * @throws {EngineError} code "llama.invalid_micro_batch", saying what is wrong with the batch
   */
  forward(batch: MicroBatch, adapter: ForwardAdapter, lane?: number): Promise<ForwardResult>;
  /**
   * Adds Σ coefficient · ∂logp/∂θ of the lane's last "trained" forward to the gradient's sum, in float32. Once a
   * forward. Parameters must not be written in between.
   *
   * @param lane - 0 when left out
   * @param place - of the micro-batch in the sum, counted from 0 since it was taken; left out, after what was added.
   *   The sum has the same bytes whatever lanes computed it and whichever was done first.
   */
  backward(coefficientsT: Float32Array, lane?: number, place?: number): Promise<void>;
  /** The sum since the last call, in the order of the parameters; it starts again from zero. */
  takeGradients(): Promise<Float32Array>;
  /** Muon's five Newton–Schulz steps on each matrix; row-major, of the same sizes. */
  orthogonalize(matrices: readonly Matrix[]): Promise<Float32Array[]>;
}

/**
 * Opens a gradient engine. It ends when it is disposed or this process ends.
 *
 * @throws {FleetError} in one sentence when the GGUF or the device cannot be used
 */
export async function openGradientEngine(options: GradientOptions): Promise<GradientEngine> {
  const model = await readModelInfo(options.gguf);
  const child = openChild<GradientProtocol>({
    entry: new URL("gradient-process.ts", import.meta.url),
    name: "the gradient engine",
    // Each lane computes on a thread of Node's pool, which has four; others are for files.
    environment: { UV_THREADPOOL_SIZE: String((options.lanes ?? 1) + 4) },
    on: {},
  });
  try {
    const opened = await child.call("open", options, OPEN_MS);
    return { ...opened, model, ...createCalls(child, options) };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw await explainGradientLoad(error, options);
  }
}

/** As a crash would: all calls in flight and all later ones say that it died. */
function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It is gone already.
  }
}

function createCalls(
  child: Child<GradientProtocol>,
  options: GradientOptions,
): Omit<GradientEngine, "device" | "model" | "lanes" | "parameters"> {
  /** What each lane computes. */
  const batches = new Map<number, MicroBatch>();
  let explaining: Promise<unknown> | null = null; // Of a death: all lanes end together, for one reason.
  const explained = (lane: number) => async (error: unknown) => {
    if (error instanceof DeadlineError) {
      endNow(child.pid); // What it still computes must not get into a later sum.
      throw new EngineDiedError(`the gradient engine was ended: ${error.message}`, { cause: error });
    }
    if (!isLackOfMemory(error)) throw error;
    const explain = () => explainGradientLack(error, options, batches.get(lane) ?? NO_BATCH);
    if (!(error instanceof EngineDiedError)) throw await explain();
    explaining ??= explain();
    throw await explaining;
  };
  return {
    failed: child.failed,
    readParameters: () => child.call("readParameters", null, COPY_MS),
    writeParameters: async (flat) => void (await child.call("writeParameters", flat, COPY_MS)),
    forward: (batch, adapter, lane = 0) => {
      batches.set(lane, batch);
      return child.call("forward", { batch, adapter, lane }, COMPUTE_MS).catch(explained(lane));
    },
    backward: async (coefficientsT, lane = 0, place = undefined) =>
      void (await child.call("backward", { coefficientsT, lane, place }, COMPUTE_MS).catch(explained(lane))),
    takeGradients: () => child.call("takeGradients", null, COPY_MS),
    orthogonalize: (matrices) => child.call("orthogonalize", matrices, COMPUTE_MS),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
