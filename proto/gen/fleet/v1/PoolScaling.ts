// Original file: proto/fleet/v1/fleet.proto


/**
 * What one pool is to have.
 */
export interface PoolScaling {
  'name'?: (string);
  'replicas'?: (number);
  'present'?: (number);
  'min'?: (number);
  'max'?: (number);
  /**
   * Of one worker; 0 while unknown.
   */
  'tokensPerSecond'?: (number | string);
  /**
   * Why it does not have what it is to have; empty when nothing is wrong.
   */
  'trouble'?: (string);
}

/**
 * What one pool is to have.
 */
export interface PoolScaling__Output {
  'name': (string);
  'replicas': (number);
  'present': (number);
  'min': (number);
  'max': (number);
  /**
   * Of one worker; 0 while unknown.
   */
  'tokensPerSecond': (number);
  /**
   * Why it does not have what it is to have; empty when nothing is wrong.
   */
  'trouble': (string);
}
