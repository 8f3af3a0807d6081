import type { Pointer } from "../native/ggml-api.ts";
import { declareMatrix } from "./backend.ts";
import { block } from "./block.ts";
import { type Graph, type GraphBuilder, type Stretch, writeGraph } from "./graph.ts";
import { head, headNodes } from "./head.ts";
import { accumulateEmbedding, embed, layerNodes } from "./model-ends.ts";
import type { Passes, PlanContext } from "./plan.ts";

/**
 * Both passes with a graph for each layer. Forward keeps the layers' inputs only, and backward computes a layer again
 * before it goes back through it: memory is bounded by one layer, for about a third more work.
 */
export function openCheckpointedPasses(context: PlanContext): Passes {
  const { backend, shape, inputs, allocator } = context;
  using opening = new DisposableStack();
  const store = opening.use(backend.openStore(shape.layers + 2));
  const declareState = () => declareMatrix(store, shape.embedding, inputs.tokens);
  const states = Array.from({ length: shape.layers + 1 }, declareState);
  const gradient = declareState();
  store.allocate();
  const open = opening.move();
  const stateOf = (layer: number): Pointer => states[layer] ?? gradient;

  const runOnce = async (mostNodes: number, write: (graph: GraphBuilder) => void) => {
    const { graph, marks } = writeGraph(backend, mostNodes, (builder) => {
      write(builder);
      return { from: 0, to: builder.length() };
    });
    using running = graph;
    running.allocate(allocator);
    await running.run(marks);
  };
  const runLayer = (layer: number) =>
    runOnce(layerNodes(inputs), (graph) => {
      const { y } = block({ ...context, graph }, shape, inputs, layer, stateOf(layer));
      graph.append(graph.ops.cpy(y, stateOf(layer + 1)));
    });
  const runLayerBackward = (layer: number) =>
    runOnce(layerNodes(inputs), (graph) => {
      const { backward } = block({ ...context, graph }, shape, inputs, layer, stateOf(layer));
      const dx = backward(gradient);
      if (layer === 0) accumulateEmbedding({ ...context, graph }, inputs, dx);
      else graph.append(graph.ops.cpy(dx, gradient));
    });

  let openHead: HeadPass | null = null;
  return {
    async forward() {
      await runOnce(headNodes(context), (graph) =>
        graph.append(graph.ops.cpy(embed({ ...context, graph }, inputs), stateOf(0))),
      );
      for (let layer = 0; layer < shape.layers; layer++) await runLayer(layer);
      openHead = writeHead(context, stateOf(shape.layers), gradient);
      openHead.graph.allocate(allocator);
      await openHead.graph.run(openHead.forward);
      return {
        logp: openHead.logp.map((chunk) => backend.download(chunk)),
        entropy: openHead.entropy.map((chunk) => backend.download(chunk)),
      };
    },
    async backward() {
      await openHead?.graph.run(openHead.backward);
      for (let layer = shape.layers - 1; layer >= 0; layer--) await runLayerBackward(layer);
    },
    [Symbol.dispose]() {
      openHead?.graph[Symbol.dispose]();
      open.dispose();
    },
  };
}

interface HeadPass {
  readonly graph: Graph;
  readonly logp: readonly Pointer[];
  readonly entropy: readonly Pointer[];
  readonly forward: Stretch;
  readonly backward: Stretch;
}

function writeHead(context: PlanContext, state: Pointer, gradient: Pointer): HeadPass {
  const { backend } = context;
  const { graph, marks } = writeGraph(backend, headNodes(context), (builder) => {
    const { logp, entropy, backward } = head({ ...context, graph: builder }, state);
    const forward = { from: 0, to: builder.length() };
    builder.append(builder.ops.cpy(backward(), gradient));
    return { logp, entropy, forward, backward: { from: forward.to, to: builder.length() } };
  });
  return { graph, ...marks };
}
