// Original file: proto/fleet/v1/collector.proto

import type { FinishedSample as _fleet_v1_FinishedSample, FinishedSample__Output as _fleet_v1_FinishedSample__Output } from '../../fleet/v1/FinishedSample.ts';
import type { PartialSample as _fleet_v1_PartialSample, PartialSample__Output as _fleet_v1_PartialSample__Output } from '../../fleet/v1/PartialSample.ts';
import type { FailedSample as _fleet_v1_FailedSample, FailedSample__Output as _fleet_v1_FailedSample__Output } from '../../fleet/v1/FailedSample.ts';
import type { Heartbeat as _fleet_v1_Heartbeat, Heartbeat__Output as _fleet_v1_Heartbeat__Output } from '../../fleet/v1/Heartbeat.ts';
import type { Release as _fleet_v1_Release, Release__Output as _fleet_v1_Release__Output } from '../../fleet/v1/Release.ts';

export interface CollectMessage {
  'finished'?: (_fleet_v1_FinishedSample | null);
  'partial'?: (_fleet_v1_PartialSample | null);
  'failed'?: (_fleet_v1_FailedSample | null);
  'heartbeat'?: (_fleet_v1_Heartbeat | null);
  'release'?: (_fleet_v1_Release | null);
  'message'?: "finished"|"partial"|"failed"|"heartbeat"|"release";
}

export interface CollectMessage__Output {
  'finished'?: (_fleet_v1_FinishedSample__Output | null);
  'partial'?: (_fleet_v1_PartialSample__Output | null);
  'failed'?: (_fleet_v1_FailedSample__Output | null);
  'heartbeat'?: (_fleet_v1_Heartbeat__Output | null);
  'release'?: (_fleet_v1_Release__Output | null);
  'message'?: "finished"|"partial"|"failed"|"heartbeat"|"release";
}
