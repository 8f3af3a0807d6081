// Original file: proto/fleet/v1/task.proto


/**
 * How tokens are drawn.
 */
export interface Sampling {
  /**
   * 0 is greedy.
   */
  'temperature'?: (number | string);
  /**
   * 0 is off.
   */
  'topK'?: (number);
  /**
   * 1 is off.
   */
  'topP'?: (number | string);
  /**
   * 0 is off.
   */
  'minP'?: (number | string);
  /**
   * Most tokens of a completion, its end-of-generation token included.
   */
  'maxTokens'?: (number);
  /**
   * A completion ends after the first of these; the text up to it is scored.
   */
  'stop'?: (string)[];
}

/**
 * How tokens are drawn.
 */
export interface Sampling__Output {
  /**
   * 0 is greedy.
   */
  'temperature': (number);
  /**
   * 0 is off.
   */
  'topK': (number);
  /**
   * 1 is off.
   */
  'topP': (number);
  /**
   * 0 is off.
   */
  'minP': (number);
  /**
   * Most tokens of a completion, its end-of-generation token included.
   */
  'maxTokens': (number);
  /**
   * A completion ends after the first of these; the text up to it is scored.
   */
  'stop': (string)[];
}
