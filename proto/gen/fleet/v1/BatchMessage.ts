// Original file: proto/fleet/v1/trainer.proto

import type { Opened as _fleet_v1_Opened, Opened__Output as _fleet_v1_Opened__Output } from '../../fleet/v1/Opened.ts';
import type { BatchStart as _fleet_v1_BatchStart, BatchStart__Output as _fleet_v1_BatchStart__Output } from '../../fleet/v1/BatchStart.ts';
import type { BatchGroup as _fleet_v1_BatchGroup, BatchGroup__Output as _fleet_v1_BatchGroup__Output } from '../../fleet/v1/BatchGroup.ts';
import type { BatchEnd as _fleet_v1_BatchEnd, BatchEnd__Output as _fleet_v1_BatchEnd__Output } from '../../fleet/v1/BatchEnd.ts';
import type { RunEnd as _fleet_v1_RunEnd, RunEnd__Output as _fleet_v1_RunEnd__Output } from '../../fleet/v1/RunEnd.ts';

export interface BatchMessage {
  'opened'?: (_fleet_v1_Opened | null);
  'start'?: (_fleet_v1_BatchStart | null);
  'group'?: (_fleet_v1_BatchGroup | null);
  'end'?: (_fleet_v1_BatchEnd | null);
  'runEnd'?: (_fleet_v1_RunEnd | null);
  'message'?: "opened"|"start"|"group"|"end"|"runEnd";
}

export interface BatchMessage__Output {
  'opened'?: (_fleet_v1_Opened__Output | null);
  'start'?: (_fleet_v1_BatchStart__Output | null);
  'group'?: (_fleet_v1_BatchGroup__Output | null);
  'end'?: (_fleet_v1_BatchEnd__Output | null);
  'runEnd'?: (_fleet_v1_RunEnd__Output | null);
  'message'?: "opened"|"start"|"group"|"end"|"runEnd";
}
