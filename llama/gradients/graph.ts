import { GGML_TYPE, type Pointer } from "../native/ggml-api.ts";
import type { Backend, GraphAllocator, GraphContext, Ops } from "./backend.ts";

/** A graph that is being written: nodes run in the order in which they were appended. */
export interface GraphBuilder {
  readonly ops: Ops;
  /** Appends a node, and before it all that it needs and that is not yet there. */
  append(node: Pointer): void;
  /** Appends a node whose value survives the run. */
  output(node: Pointer): void;
  /** Memory of the graph for so many numbers, which nodes write and read through views. */
  room(numbers: number): Pointer;
  /** Nodes so far. */
  length(): number;
}

/** A written graph. It runs in stretches; values that later stretches use stay in between. */
export interface Graph extends Disposable {
  /** Memory that its values need. */
  bytes(): number;
  /**
   * Gives it memory from an allocator, whose buffer grows to the largest graph and is used again by the next: what a
   * graph has computed is lost when another is allocated there.
   *
   * @throws {DeviceMemoryError} when there is too little
   * @throws {GradientDeviceError} when there is a node that the device cannot compute
   */
  allocate(allocator: GraphAllocator): void;
  /** Runs some of its nodes. */
  run(stretch: Stretch): Promise<void>;
}

/** Nodes `from` up to, not including, `to`, as {@link GraphBuilder.length} counted them. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Writes a graph. @param write - appends the nodes and says where their values and cuts are */
export function writeGraph<Marks>(
  backend: Backend,
  mostNodes: number,
  write: (graph: GraphBuilder) => Marks,
): { graph: Graph; marks: Marks } {
  const context = backend.openGraphContext(mostNodes);
  const { base } = backend.api;
  const whole = base.newGraphCustom(context.ctx, mostNodes, false);
  const append = (node: Pointer) => base.buildForwardExpand(whole, node);
  const marks = write({
    ops: context.ops,
    append,
    output(node) {
      base.setOutput(node);
      append(node);
    },
    room: (numbers) => base.newTensor(context.ctx, GGML_TYPE.f32, 1, BigInt64Array.of(BigInt(numbers))),
    length: () => base.graphNNodes(whole),
  });
  return { graph: createGraph(backend, context, whole, mostNodes), marks };
}

function createGraph(backend: Backend, context: GraphContext, whole: Pointer, mostNodes: number): Graph {
  const { base } = backend.api;
  return {
    bytes: () => backend.bytesOf(whole),
    allocate(allocator) {
      for (let index = 0; index < base.graphNNodes(whole); index++)
        backend.requireSupport(base.graphNode(whole, index));
      allocator.allocate(whole);
    },
    async run({ from, to }) {
      const part = base.newGraphCustom(context.ctx, mostNodes, false);
      for (let index = from; index < to; index++) base.graphAddNode(part, base.graphNode(whole, index));
      await backend.run(part);
    },
    [Symbol.dispose]: () => context[Symbol.dispose](),
  };
}
