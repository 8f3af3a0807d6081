// Original file: proto/fleet/v1/collector.proto


/**
 * Another worker has it; ask again later.
 */
export interface Held {
  'retryInMs'?: (number);
}

/**
 * Another worker has it; ask again later.
 */
export interface Held__Output {
  'retryInMs': (number);
}
