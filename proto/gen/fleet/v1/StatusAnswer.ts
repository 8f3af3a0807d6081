// Original file: proto/fleet/v1/fleet.proto

import type { LaneBalance as _fleet_v1_LaneBalance, LaneBalance__Output as _fleet_v1_LaneBalance__Output } from '../../fleet/v1/LaneBalance.ts';
import type { WorkerStatus as _fleet_v1_WorkerStatus, WorkerStatus__Output as _fleet_v1_WorkerStatus__Output } from '../../fleet/v1/WorkerStatus.ts';
import type { StepSummary as _fleet_v1_StepSummary, StepSummary__Output as _fleet_v1_StepSummary__Output } from '../../fleet/v1/StepSummary.ts';
import type { Wait as _fleet_v1_Wait, Wait__Output as _fleet_v1_Wait__Output } from '../../fleet/v1/Wait.ts';
import type { SetAside as _fleet_v1_SetAside, SetAside__Output as _fleet_v1_SetAside__Output } from '../../fleet/v1/SetAside.ts';
import type { PoolScaling as _fleet_v1_PoolScaling, PoolScaling__Output as _fleet_v1_PoolScaling__Output } from '../../fleet/v1/PoolScaling.ts';

export interface StatusAnswer {
  'run'?: (string);
  /**
   * "starting", "running", "paused", "stopping", "evaluating", "ended" or "failed".
   */
  'state'?: (string);
  'step'?: (number);
  'steps'?: (number);
  'balances'?: (_fleet_v1_LaneBalance)[];
  'workers'?: (_fleet_v1_WorkerStatus)[];
  /**
   * Of the newest trained steps, oldest first.
   */
  'recent'?: (_fleet_v1_StepSummary)[];
  'seconds'?: (number | string);
  /**
   * What the run waits for, in words; empty when nothing is late.
   */
  'waitingFor'?: (string);
  /**
   * Why the run ended or failed.
   */
  'reason'?: (string);
  'tokensPerSecond'?: (number | string);
  /**
   * What has waited longest, longest first.
   */
  'waits'?: (_fleet_v1_Wait)[];
  'setAside'?: (_fleet_v1_SetAside)[];
  /**
   * Of run.yaml's scaling.pools.
   */
  'pools'?: (_fleet_v1_PoolScaling)[];
}

export interface StatusAnswer__Output {
  'run': (string);
  /**
   * "starting", "running", "paused", "stopping", "evaluating", "ended" or "failed".
   */
  'state': (string);
  'step': (number);
  'steps': (number);
  'balances': (_fleet_v1_LaneBalance__Output)[];
  'workers': (_fleet_v1_WorkerStatus__Output)[];
  /**
   * Of the newest trained steps, oldest first.
   */
  'recent': (_fleet_v1_StepSummary__Output)[];
  'seconds': (number);
  /**
   * What the run waits for, in words; empty when nothing is late.
   */
  'waitingFor': (string);
  /**
   * Why the run ended or failed.
   */
  'reason': (string);
  'tokensPerSecond': (number);
  /**
   * What has waited longest, longest first.
   */
  'waits': (_fleet_v1_Wait__Output)[];
  'setAside': (_fleet_v1_SetAside__Output)[];
  /**
   * Of run.yaml's scaling.pools.
   */
  'pools': (_fleet_v1_PoolScaling__Output)[];
}
