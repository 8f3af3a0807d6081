import type { ModelShape, Projection } from "../gguf/index.ts";

/** What of a model is trained. */
export type Trainable =
  | {
      readonly kind: "lora";
      readonly rank: number;
      /** The update is scaled by alpha / rank; 0 means by 1. */
      readonly alpha: number;
      readonly targets: readonly Projection[];
    }
  | { readonly kind: "all" };

/** What the graph needs to know about a model. */
export interface LlamaShape extends ModelShape {
  readonly vocabulary: number;
}
