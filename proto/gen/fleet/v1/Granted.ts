// Original file: proto/fleet/v1/collector.proto

import type { MissingSample as _fleet_v1_MissingSample, MissingSample__Output as _fleet_v1_MissingSample__Output } from '../../fleet/v1/MissingSample.ts';
import type { PolicyRef as _fleet_v1_PolicyRef, PolicyRef__Output as _fleet_v1_PolicyRef__Output } from '../../fleet/v1/PolicyRef.ts';

/**
 * The worker holds the task until it releases it or its lease ends.
 */
export interface Granted {
  'lease'?: (string);
  'samples'?: (_fleet_v1_MissingSample)[];
  /**
   * Sample with this policy.
   */
  'policy'?: (_fleet_v1_PolicyRef | null);
  /**
   * The lease ends this long after its last heartbeat.
   */
  'termMs'?: (number);
}

/**
 * The worker holds the task until it releases it or its lease ends.
 */
export interface Granted__Output {
  'lease': (string);
  'samples': (_fleet_v1_MissingSample__Output)[];
  /**
   * Sample with this policy.
   */
  'policy': (_fleet_v1_PolicyRef__Output | null);
  /**
   * The lease ends this long after its last heartbeat.
   */
  'termMs': (number);
}
