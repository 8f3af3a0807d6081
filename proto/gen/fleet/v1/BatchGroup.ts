// Original file: proto/fleet/v1/trainer.proto

import type { Rollout as _fleet_v1_Rollout, Rollout__Output as _fleet_v1_Rollout__Output } from '../../fleet/v1/Rollout.ts';

export interface BatchGroup {
  'task'?: (string);
  'rollouts'?: (_fleet_v1_Rollout)[];
}

export interface BatchGroup__Output {
  'task': (string);
  'rollouts': (_fleet_v1_Rollout__Output)[];
}
