/** The seven projections of a layer, as a GGUF names them. */
export const LORA_TARGETS = [
  "attn_q",
  "attn_k",
  "attn_v",
  "attn_output",
  "ffn_gate",
  "ffn_up",
  "ffn_down",
] as const;

/** A projection that a low-rank update may be learnt for. */
export type LoraTargetName = (typeof LORA_TARGETS)[number];

/** What of a model is trained. */
export type Trainable =
  | {
      readonly kind: "lora";
      readonly rank: number;
      /** The update is scaled by alpha / rank; 0 means by 1. */
      readonly alpha: number;
      readonly targets: readonly LoraTargetName[];
    }
  | { readonly kind: "all" };
