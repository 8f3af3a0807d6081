// Original file: proto/fleet/v1/fleet.proto

import type { PoolReport as _fleet_v1_PoolReport, PoolReport__Output as _fleet_v1_PoolReport__Output } from '../../fleet/v1/PoolReport.ts';

export interface ScalingRequest {
  /**
   * What the cluster has; left out where the caller does not know.
   */
  'pools'?: (_fleet_v1_PoolReport)[];
}

export interface ScalingRequest__Output {
  /**
   * What the cluster has; left out where the caller does not know.
   */
  'pools': (_fleet_v1_PoolReport__Output)[];
}
