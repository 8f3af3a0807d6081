// Original file: proto/fleet/v1/fleet.proto


/**
 * One pool as the cluster sees it.
 */
export interface PoolReport {
  'name'?: (string);
  'replicas'?: (number);
  /**
   * Why pods of it do not come up, in the cluster's words; empty when they do.
   */
  'trouble'?: (string);
}

/**
 * One pool as the cluster sees it.
 */
export interface PoolReport__Output {
  'name': (string);
  'replicas': (number);
  /**
   * Why pods of it do not come up, in the cluster's words; empty when they do.
   */
  'trouble': (string);
}
