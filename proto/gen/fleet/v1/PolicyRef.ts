// Original file: proto/fleet/v1/task.proto


/**
 * A policy: a version and the adapter that it names.
 */
export interface PolicyRef {
  /**
   * 0 is the policy the run started from.
   */
  'version'?: (number);
  /**
   * SHA-256 of the adapter's bytes, in hex; empty when the policy is the base itself.
   */
  'adapter'?: (string);
}

/**
 * A policy: a version and the adapter that it names.
 */
export interface PolicyRef__Output {
  /**
   * 0 is the policy the run started from.
   */
  'version': (number);
  /**
   * SHA-256 of the adapter's bytes, in hex; empty when the policy is the base itself.
   */
  'adapter': (string);
}
