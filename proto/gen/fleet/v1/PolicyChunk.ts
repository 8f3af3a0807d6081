// Original file: proto/fleet/v1/trainer.proto

import type { PolicyHeader as _fleet_v1_PolicyHeader, PolicyHeader__Output as _fleet_v1_PolicyHeader__Output } from '../../fleet/v1/PolicyHeader.ts';

export interface PolicyChunk {
  'header'?: (_fleet_v1_PolicyHeader | null);
  'data'?: (Buffer | Uint8Array | string);
  'chunk'?: "header"|"data";
}

export interface PolicyChunk__Output {
  'header'?: (_fleet_v1_PolicyHeader__Output | null);
  'data'?: (Buffer);
  'chunk'?: "header"|"data";
}
