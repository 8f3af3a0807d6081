// Original file: proto/fleet/v1/collector.proto

import type { Rollout as _fleet_v1_Rollout, Rollout__Output as _fleet_v1_Rollout__Output } from '../../fleet/v1/Rollout.ts';

/**
 * A finished sample, from anyone while it is open.
 */
export interface FinishedSample {
  'lease'?: (string);
  'rollout'?: (_fleet_v1_Rollout | null);
}

/**
 * A finished sample, from anyone while it is open.
 */
export interface FinishedSample__Output {
  'lease': (string);
  'rollout': (_fleet_v1_Rollout__Output | null);
}
