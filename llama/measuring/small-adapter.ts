import { createHash } from "node:crypto";
import { createRandom } from "../../core/index.ts";
import { encodeAdapter, type ModelInfo, PROJECTIONS, projectionShape } from "../gguf/index.ts";

/** An adapter's GGUF, and its SHA-256 in hex. */
export interface SmallAdapter {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** A LoRA of small numbers, others for each name, on all projections of a model. */
export function smallAdapter(model: ModelInfo, rank: number, name: string): SmallAdapter {
  const phase = createRandom(name)();
  const small = (length: number) =>
    Float32Array.from({ length }, (_, index) => 1e-3 * Math.sin(index + phase));
  const tensors = weightsOf(model).flatMap(({ weight, rows, columns }) => [
    { name: `${weight}.lora_a`, rows: rank, columns, values: small(rank * columns) },
    { name: `${weight}.lora_b`, rows, columns: rank, values: small(rows * rank) },
  ]);
  const bytes = encodeAdapter({ base: model.digest, alpha: rank, tensors });
  return { bytes, digest: createHash("sha256").update(bytes).digest("hex") };
}

/** Numbers of a LoRA on some of a model's projections, for each of its rank. */
export function numbersOfRank(model: ModelInfo, targets: Targets = PROJECTIONS): number {
  return weightsOf(model, targets).reduce((sum, { rows, columns }) => sum + rows + columns, 0);
}

type Targets = readonly (typeof PROJECTIONS)[number][];

function weightsOf(model: ModelInfo, targets: Targets = PROJECTIONS) {
  return Array.from({ length: model.layers }, (_, layer) =>
    targets.map((projection) => {
      const [columns, rows] = projectionShape(model, projection);
      return { weight: `blk.${layer}.${projection}.weight`, rows, columns };
    }),
  ).flat();
}
