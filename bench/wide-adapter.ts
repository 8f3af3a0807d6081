import { createHash } from "node:crypto";
import { createRandom } from "../core/index.ts";
import { encodeAdapter, PROJECTIONS, projectionShape, readModelInfo } from "../llama/index.ts";

/** An adapter's GGUF, and its SHA-256 in hex. */
export interface WideAdapter {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** A LoRA of small numbers, others for each name, on all projections of a model, of the rank that makes it about as large as asked. */
export async function wideAdapter(gguf: string, bytesWanted: number, name: string): Promise<WideAdapter> {
  const info = await readModelInfo(gguf);
  const weights = Array.from({ length: info.layers }, (_, layer) =>
    PROJECTIONS.map((projection) => {
      const [columns, rows] = projectionShape(info, projection);
      return { name: `blk.${layer}.${projection}.weight`, rows, columns };
    }),
  ).flat();
  const bytesOfRank = weights.reduce((sum, { rows, columns }) => sum + 4 * (rows + columns), 0);
  const rank = Math.round(bytesWanted / bytesOfRank);
  const phase = createRandom(name)();
  const tensors = weights.flatMap(({ name: weight, rows, columns }) => [
    { name: `${weight}.lora_a`, rows: rank, columns, values: small(rank * columns) },
    { name: `${weight}.lora_b`, rows, columns: rank, values: small(rows * rank) },
  ]);
  function small(length: number): Float32Array {
    return Float32Array.from({ length }, (_, index) => 1e-3 * Math.sin(index + phase));
  }
  const bytes = encodeAdapter({ base: info.digest, alpha: rank, tensors });
  return { bytes, digest: createHash("sha256").update(bytes).digest("hex") };
}
