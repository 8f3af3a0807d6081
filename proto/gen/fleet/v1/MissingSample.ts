// Original file: proto/fleet/v1/collector.proto

import type { Completion as _fleet_v1_Completion, Completion__Output as _fleet_v1_Completion__Output } from '../../fleet/v1/Completion.ts';

export interface MissingSample {
  'sample'?: (number);
  'attempt'?: (number);
  /**
   * Tokens of an earlier worker to go on from.
   */
  'prefix'?: (_fleet_v1_Completion | null);
}

export interface MissingSample__Output {
  'sample': (number);
  'attempt': (number);
  /**
   * Tokens of an earlier worker to go on from.
   */
  'prefix': (_fleet_v1_Completion__Output | null);
}
