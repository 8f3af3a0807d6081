/** The dimensions and constants of a dense Llama, as its GGUF states them. */
export interface LlamaShape {
  readonly layers: number;
  readonly embedding: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  readonly normEpsilon: number;
  readonly ropeDimensions: number;
  readonly ropeBase: number;
  readonly ropeScale: number;
  /** Tokens of context that it was made for; part of RoPE's parameters. */
  readonly contextLength: number;
}
