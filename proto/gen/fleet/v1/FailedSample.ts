// Original file: proto/fleet/v1/collector.proto


/**
 * A sample that could not be made or scored.
 */
export interface FailedSample {
  'lease'?: (string);
  'task'?: (string);
  'sample'?: (number);
  /**
   * Stable class, such as "prompt-too-long", "non-finite-logits", "reward-failed".
   */
  'errorClass'?: (string);
  'message'?: (string);
  /**
   * False: this input can never succeed. True: it may elsewhere.
   */
  'retry'?: (boolean);
  /**
   * Of a prompt that is too long: the worker's context, which it does not fit.
   */
  'contextTokens'?: (number);
}

/**
 * A sample that could not be made or scored.
 */
export interface FailedSample__Output {
  'lease': (string);
  'task': (string);
  'sample': (number);
  /**
   * Stable class, such as "prompt-too-long", "non-finite-logits", "reward-failed".
   */
  'errorClass': (string);
  'message': (string);
  /**
   * False: this input can never succeed. True: it may elsewhere.
   */
  'retry': (boolean);
  /**
   * Of a prompt that is too long: the worker's context, which it does not fit.
   */
  'contextTokens': (number);
}
