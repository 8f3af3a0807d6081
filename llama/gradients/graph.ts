import type { Pointer } from "../native/ggml-api.ts";
import { type Backend, GradientDeviceError, type GraphContext, type Ops } from "./backend.ts";

/** A graph that is being written: nodes run in the order in which they were appended. */
export interface GraphBuilder {
  readonly ops: Ops;
  /** Appends a node, and before it all that it needs and that is not yet there. */
  append(node: Pointer): void;
  /** Appends a node whose value survives the run. */
  output(node: Pointer): void;
  /** Nodes so far. */
  length(): number;
}

/** A graph with memory. It runs in stretches; values that later stretches use stay in between. */
export interface Graph extends Disposable {
  /** Runs the nodes from one index of {@link GraphBuilder.length} to another. */
  run(stretch: Stretch): void;
}

/** Nodes `from` up to, not including, `to`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Builds a graph and gives it memory from an allocator, whose buffer grows to the largest graph and is used again by the
 * next: a graph's values are lost when another is built on its allocator.
 *
 * @param write - appends the graph and says where it is cut
 */
export function buildGraph<Cut>(
  backend: Backend,
  allocator: Pointer,
  mostNodes: number,
  write: (graph: GraphBuilder) => Cut,
): { graph: Graph; cut: Cut } {
  const context = backend.openGraphContext(mostNodes);
  const { base } = backend.api;
  const whole = base.newGraphCustom(context.ctx, mostNodes, false);
  const append = (node: Pointer) => base.buildForwardExpand(whole, node);
  const cut = write({
    ops: context.ops,
    append,
    output(node) {
      base.setOutput(node);
      append(node);
    },
    length: () => base.graphNNodes(whole),
  });
  if (!base.gallocrAllocGraph(allocator, whole)) {
    context[Symbol.dispose]();
    throw new GradientDeviceError(
      "the device has too little memory for this micro-batch; a smaller one may fit",
    );
  }
  return { graph: createGraph(backend, context, whole, mostNodes), cut };
}

function createGraph(backend: Backend, context: GraphContext, whole: Pointer, mostNodes: number): Graph {
  const { base } = backend.api;
  const parts = new Map<string, Pointer>();
  const copyNodes = ({ from, to }: Stretch): Pointer => {
    const part = base.newGraphCustom(context.ctx, mostNodes, false);
    for (let index = from; index < to; index++) base.graphAddNode(part, base.graphNode(whole, index));
    return part;
  };
  return {
    run(stretch) {
      const key = `${stretch.from}-${stretch.to}`;
      const part = parts.get(key) ?? copyNodes(stretch);
      parts.set(key, part);
      backend.compute(part);
    },
    [Symbol.dispose]: () => context[Symbol.dispose](),
  };
}
