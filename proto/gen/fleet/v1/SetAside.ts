// Original file: proto/fleet/v1/fleet.proto


/**
 * An instance that is not asked again.
 */
export interface SetAside {
  'instance'?: (string);
  /**
   * A stable class, then words.
   */
  'reason'?: (string);
}

/**
 * An instance that is not asked again.
 */
export interface SetAside__Output {
  'instance': (string);
  /**
   * A stable class, then words.
   */
  'reason': (string);
}
