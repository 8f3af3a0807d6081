import { createHash } from "node:crypto";
import { encodeAdapter, type Parameter } from "../llama/index.ts";
import { splitFlat } from "./flat-parameters.ts";

/** What an adapter's bytes depend on beside its values. */
export interface AdapterLayout {
  /** SHA-256 of the base model's file, in hex. */
  readonly base: string;
  /** Scale is alpha / rank. */
  readonly alpha: number;
  readonly parameters: readonly Parameter[];
}

/** An adapter's GGUF. Equal arguments give equal bytes. */
export function encodeFlatAdapter(
  { base, alpha, parameters }: AdapterLayout,
  flat: Float32Array,
): Uint8Array {
  return encodeAdapter({ base, alpha, tensors: splitFlat(parameters, flat) });
}

/** By what an adapter is known: SHA-256 of its GGUF, in hex. */
export function adapterDigest(gguf: Uint8Array): string {
  return createHash("sha256").update(gguf).digest("hex");
}
