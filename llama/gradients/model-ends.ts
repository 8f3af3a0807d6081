import type { Pointer } from "../native/ggml-api.ts";
import type { BatchInputs } from "./batch-inputs.ts";
import { accumulate, type LayerContext } from "./linear.ts";

const EMBEDDING = "token_embd.weight";

/** The packed tokens' embeddings, [d, N]. */
export function embed({ graph, weights }: LayerContext, inputs: BatchInputs): Pointer {
  return graph.ops.getRows(weights.get(EMBEDDING).tensor, inputs.ids);
}

/** Sums the embedding's gradient, where it is trained, from that of the first layer's input [d, N]. */
export function accumulateEmbedding(
  { graph, parameters }: LayerContext,
  inputs: BatchInputs,
  dx: Pointer,
): void {
  const gradient = parameters.gradientOf(EMBEDDING);
  if (gradient !== null) accumulate(graph, gradient, graph.ops.getRowsBack(dx, inputs.ids, gradient));
}

/** Nodes of a layer with its backward, at most. */
export function layerNodes({ tiles }: BatchInputs): number {
  return 256 + 64 * tiles.length;
}
