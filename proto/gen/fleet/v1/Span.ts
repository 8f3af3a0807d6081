// Original file: proto/fleet/v1/rollout.proto


/**
 * Tokens sampled under one policy by one worker. A span ends where the next one begins.
 */
export interface Span {
  /**
   * Index into the completion of the span's first token.
   */
  'from'?: (number);
  'policyVersion'?: (number);
  /**
   * SHA-256 of the adapter, in hex; empty for the base.
   */
  'adapter'?: (string);
  'worker'?: (string);
  'device'?: (string);
  'variant'?: (string);
}

/**
 * Tokens sampled under one policy by one worker. A span ends where the next one begins.
 */
export interface Span__Output {
  /**
   * Index into the completion of the span's first token.
   */
  'from': (number);
  'policyVersion': (number);
  /**
   * SHA-256 of the adapter, in hex; empty for the base.
   */
  'adapter': (string);
  'worker': (string);
  'device': (string);
  'variant': (string);
}
