// Original file: proto/fleet/v1/collector.proto

import type { SampleAnswer as _fleet_v1_SampleAnswer, SampleAnswer__Output as _fleet_v1_SampleAnswer__Output } from '../../fleet/v1/SampleAnswer.ts';
import type { HeartbeatAnswer as _fleet_v1_HeartbeatAnswer, HeartbeatAnswer__Output as _fleet_v1_HeartbeatAnswer__Output } from '../../fleet/v1/HeartbeatAnswer.ts';
import type { ReleaseAnswer as _fleet_v1_ReleaseAnswer, ReleaseAnswer__Output as _fleet_v1_ReleaseAnswer__Output } from '../../fleet/v1/ReleaseAnswer.ts';

export interface CollectAnswer {
  'sample'?: (_fleet_v1_SampleAnswer | null);
  'heartbeat'?: (_fleet_v1_HeartbeatAnswer | null);
  'release'?: (_fleet_v1_ReleaseAnswer | null);
  'answer'?: "sample"|"heartbeat"|"release";
}

export interface CollectAnswer__Output {
  'sample'?: (_fleet_v1_SampleAnswer__Output | null);
  'heartbeat'?: (_fleet_v1_HeartbeatAnswer__Output | null);
  'release'?: (_fleet_v1_ReleaseAnswer__Output | null);
  'answer'?: "sample"|"heartbeat"|"release";
}
