// Original file: proto/fleet/v1/trainer.proto


export interface BatchEnd {
  /**
   * SHA-256 over the SHA-256 of each rollout's bytes, in order, in hex.
   */
  'digest'?: (string);
}

export interface BatchEnd__Output {
  /**
   * SHA-256 over the SHA-256 of each rollout's bytes, in order, in hex.
   */
  'digest': (string);
}
