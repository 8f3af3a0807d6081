import type { Pointer } from "../native/ggml-api.ts";
import type { Backend } from "./backend.ts";
import { type BatchInputs, openBatchInputs } from "./batch-inputs.ts";
import { block } from "./block.ts";
import { buildGraph, type Graph, type Stretch } from "./graph.ts";
import { head } from "./head.ts";
import { accumulate, type Layer, type LayerContext } from "./linear.ts";
import type { MicroBatch } from "./micro-batch.ts";
import { packSequences } from "./packing.ts";
import type { LayerParameters } from "./parameters.ts";
import { tileAttention } from "./tiles.ts";
import type { LlamaShape } from "./trainable.ts";
import type { BaseWeights } from "./weights.ts";

/** Per predicted token, sequences concatenated. */
export interface ForwardResult {
  /** log p of the token under softmax(logits / temperature). */
  readonly logpT: Float32Array;
  /** Entropy of that distribution, in nats. */
  readonly entropyT: Float32Array;
}

/** One micro-batch's computation: forward, then, where it was asked for, backward once. */
export interface Plan extends Disposable {
  forward(): ForwardResult;
  /** Adds Σ coefficient · ∂logp/∂θ to the sums. One coefficient for each value of {@link ForwardResult.logpT}. */
  backward(coefficientsT: Float32Array): void;
}

/** A model on a device. */
export interface ModelOnDevice {
  readonly backend: Backend;
  readonly shape: LlamaShape;
  readonly weights: BaseWeights;
}

/** Builds the graph of a micro-batch. Its values live in the allocator until the next plan is built on it. */
export function openPlan(
  { backend, shape, weights }: ModelOnDevice,
  parameters: LayerParameters,
  batch: MicroBatch,
  allocator: Pointer,
  withBackward: boolean,
): Plan {
  const packing = packSequences(batch);
  const tiles = tileAttention(packing);
  const inputs = openBatchInputs(backend, shape, packing, tiles);
  const mostNodes =
    shape.layers * (192 + 48 * tiles.tiles.length) + 64 * (8 + packing.predictorsP.length / 32);
  const { graph, cut } = buildGraph(backend, allocator, mostNodes, (builder) => {
    const context: LayerContext = { graph: builder, weights, parameters };
    return writeModel(context, shape, inputs, batch.temperature, withBackward);
  });
  return createPlan(backend, inputs, graph, cut, packing.predicted);
}

interface ModelCut {
  readonly logp: readonly Pointer[];
  readonly entropy: readonly Pointer[];
  readonly forward: Stretch;
  readonly backward: Stretch;
}

function writeModel(
  context: LayerContext,
  shape: LlamaShape,
  inputs: BatchInputs,
  temperature: number,
  withBackward: boolean,
): ModelCut {
  const { graph, weights, parameters } = context;
  let x = graph.ops.getRows(weights.get("token_embd.weight").tensor, inputs.ids);
  const layers: Layer[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    const { y, backward } = block(context, shape, inputs, layer, x);
    layers.push({ y, backward });
    x = y;
  }
  const { logp, entropy, backward } = head(context, shape, inputs, x, temperature);
  const forward = { from: 0, to: graph.length() };
  if (withBackward) {
    const dx = layers.reduceRight((dy, layer) => {
      graph.append(dy); // What the layer above needs is then free.
      return layer.backward(dy);
    }, backward());
    const embedding = parameters.gradientOf("token_embd.weight");
    if (embedding !== null) accumulate(graph, embedding, graph.ops.getRowsBack(dx, inputs.ids, embedding));
  }
  return { logp, entropy, forward, backward: { from: forward.to, to: graph.length() } };
}

function createPlan(
  backend: Backend,
  inputs: BatchInputs,
  graph: Graph,
  cut: ModelCut,
  predicted: number,
): Plan {
  const collect = (chunks: readonly Pointer[]): Float32Array => {
    const values = chunks.map((chunk) => backend.download(chunk));
    const all = new Float32Array(inputs.predicted);
    let offset = 0;
    for (const chunk of values) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all.slice(0, predicted);
  };
  return {
    forward() {
      graph.run(cut.forward);
      return { logpT: collect(cut.logp), entropyT: collect(cut.entropy) };
    },
    backward(coefficientsT) {
      const filled = new Float32Array(inputs.predicted);
      filled.set(coefficientsT);
      backend.upload(inputs.coefficients, filled);
      graph.run(cut.backward);
    },
    [Symbol.dispose]() {
      graph[Symbol.dispose]();
      inputs[Symbol.dispose]();
    },
  };
}
