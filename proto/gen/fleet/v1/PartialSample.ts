// Original file: proto/fleet/v1/collector.proto

import type { Rollout as _fleet_v1_Rollout, Rollout__Output as _fleet_v1_Rollout__Output } from '../../fleet/v1/Rollout.ts';

/**
 * What there is of a sample, from the holder of the live lease.
 */
export interface PartialSample {
  'lease'?: (string);
  'rollout'?: (_fleet_v1_Rollout | null);
}

/**
 * What there is of a sample, from the holder of the live lease.
 */
export interface PartialSample__Output {
  'lease': (string);
  'rollout': (_fleet_v1_Rollout__Output | null);
}
