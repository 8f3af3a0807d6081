// Original file: proto/fleet/v1/trainer.proto


/**
 * No batch will follow.
 */
export interface RunEnd {
  'reason'?: (string);
}

/**
 * No batch will follow.
 */
export interface RunEnd__Output {
  'reason': (string);
}
