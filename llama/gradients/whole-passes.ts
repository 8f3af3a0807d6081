import type { Pointer } from "../native/ggml-api.ts";
import { block } from "./block.ts";
import { type GraphBuilder, type Stretch, writeGraph } from "./graph.ts";
import { head, headNodes } from "./head.ts";
import type { Layer } from "./linear.ts";
import { accumulateEmbedding, embed, layerNodes } from "./model-ends.ts";
import type { Passes, PlanContext } from "./plan.ts";

/**
 * Both passes as one graph, which keeps every value that backward needs: the fastest way, where memory allows.
 *
 * @returns null when backward would need more values than the limits allow to keep
 */
export function openWholePasses(context: PlanContext): Passes | null {
  const { backend, shape, inputs, allocator, limits, withBackward } = context;
  const mostNodes = shape.layers * layerNodes(inputs) + headNodes(context);
  const { graph, marks } = writeGraph(backend, mostNodes, (builder) => writeModel(context, builder));
  using opening = new DisposableStack();
  opening.use(graph);
  if (withBackward && graph.bytes() > limits.keptBytes) return null;
  graph.allocate(allocator);
  const open = opening.move();
  return {
    async forward() {
      await graph.run(marks.forward);
      return {
        logp: marks.logp.map((chunk) => backend.download(chunk)),
        entropy: marks.entropy.map((chunk) => backend.download(chunk)),
      };
    },
    backward: () => graph.run(marks.backward),
    [Symbol.dispose]: () => open.dispose(),
  };
}

interface ModelMarks {
  readonly logp: readonly Pointer[];
  readonly entropy: readonly Pointer[];
  readonly forward: Stretch;
  readonly backward: Stretch;
}

function writeModel(plan: PlanContext, graph: GraphBuilder): ModelMarks {
  const { shape, inputs, withBackward } = plan;
  const context = { ...plan, graph };
  let x = embed(context, inputs);
  const layers: Layer[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    const written = block(context, shape, inputs, layer, x);
    layers.push(written);
    x = written.y;
  }
  const { logp, entropy, backward } = head(context, x);
  const forward = { from: 0, to: graph.length() };
  if (withBackward) {
    const dx = layers.reduceRight((dy, layer) => {
      graph.append(dy); // What the layer above needs is then free.
      return layer.backward(dy);
    }, backward());
    accumulateEmbedding(context, inputs, dx);
  }
  return { logp, entropy, forward, backward: { from: forward.to, to: graph.length() } };
}
