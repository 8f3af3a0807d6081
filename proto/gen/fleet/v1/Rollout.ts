// Original file: proto/fleet/v1/rollout.proto

import type { Completion as _fleet_v1_Completion, Completion__Output as _fleet_v1_Completion__Output } from '../../fleet/v1/Completion.ts';
import type { Reward as _fleet_v1_Reward, Reward__Output as _fleet_v1_Reward__Output } from '../../fleet/v1/Reward.ts';
import type { Timings as _fleet_v1_Timings, Timings__Output as _fleet_v1_Timings__Output } from '../../fleet/v1/Timings.ts';

export interface Rollout {
  'run'?: (string);
  'lane'?: (string);
  'task'?: (string);
  'sample'?: (number);
  'attempt'?: (number);
  'instance'?: (string);
  /**
   * int32, little-endian.
   */
  'promptTokens'?: (Buffer | Uint8Array | string);
  'completion'?: (_fleet_v1_Completion | null);
  /**
   * Absent from a partial one.
   */
  'reward'?: (_fleet_v1_Reward | null);
  'seed'?: (string);
  'temperature'?: (number | string);
  'timings'?: (_fleet_v1_Timings | null);
  'traceId'?: (string);
  'worker'?: (string);
}

export interface Rollout__Output {
  'run': (string);
  'lane': (string);
  'task': (string);
  'sample': (number);
  'attempt': (number);
  'instance': (string);
  /**
   * int32, little-endian.
   */
  'promptTokens': (Buffer);
  'completion': (_fleet_v1_Completion__Output | null);
  /**
   * Absent from a partial one.
   */
  'reward': (_fleet_v1_Reward__Output | null);
  'seed': (string);
  'temperature': (number);
  'timings': (_fleet_v1_Timings__Output | null);
  'traceId': (string);
  'worker': (string);
}
