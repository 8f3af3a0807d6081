// Original file: proto/fleet/v1/collector.proto

import type { Granted as _fleet_v1_Granted, Granted__Output as _fleet_v1_Granted__Output } from '../../fleet/v1/Granted.ts';
import type { Held as _fleet_v1_Held, Held__Output as _fleet_v1_Held__Output } from '../../fleet/v1/Held.ts';
import type { Settled as _fleet_v1_Settled, Settled__Output as _fleet_v1_Settled__Output } from '../../fleet/v1/Settled.ts';

export interface LeaseAnswer {
  'granted'?: (_fleet_v1_Granted | null);
  'held'?: (_fleet_v1_Held | null);
  'settled'?: (_fleet_v1_Settled | null);
  'answer'?: "granted"|"held"|"settled";
}

export interface LeaseAnswer__Output {
  'granted'?: (_fleet_v1_Granted__Output | null);
  'held'?: (_fleet_v1_Held__Output | null);
  'settled'?: (_fleet_v1_Settled__Output | null);
  'answer'?: "granted"|"held"|"settled";
}
