// Original file: proto/fleet/v1/fleet.proto

import type { PoolScaling as _fleet_v1_PoolScaling, PoolScaling__Output as _fleet_v1_PoolScaling__Output } from '../../fleet/v1/PoolScaling.ts';
import type { WorkerProgress as _fleet_v1_WorkerProgress, WorkerProgress__Output as _fleet_v1_WorkerProgress__Output } from '../../fleet/v1/WorkerProgress.ts';

export interface ScalingAnswer {
  /**
   * Those of run.yaml's scaling.pools; empty before the first decision.
   */
  'pools'?: (_fleet_v1_PoolScaling)[];
  /**
   * One sentence: why.
   */
  'why'?: (string);
  /**
   * Those that are there, in the order in which they may go: who loses least first.
   */
  'workers'?: (_fleet_v1_WorkerProgress)[];
}

export interface ScalingAnswer__Output {
  /**
   * Those of run.yaml's scaling.pools; empty before the first decision.
   */
  'pools': (_fleet_v1_PoolScaling__Output)[];
  /**
   * One sentence: why.
   */
  'why': (string);
  /**
   * Those that are there, in the order in which they may go: who loses least first.
   */
  'workers': (_fleet_v1_WorkerProgress__Output)[];
}
