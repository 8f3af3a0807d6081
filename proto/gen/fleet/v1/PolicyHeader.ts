// Original file: proto/fleet/v1/trainer.proto

import type { StepMetrics as _fleet_v1_StepMetrics, StepMetrics__Output as _fleet_v1_StepMetrics__Output } from '../../fleet/v1/StepMetrics.ts';
import type { Long } from '@grpc/proto-loader';

export interface PolicyHeader {
  'run'?: (string);
  'step'?: (number);
  'epoch'?: (number);
  /**
   * SHA-256 of all chunks, in hex.
   */
  'adapter'?: (string);
  'size'?: (number | string | Long);
  'metrics'?: (_fleet_v1_StepMetrics | null);
}

export interface PolicyHeader__Output {
  'run': (string);
  'step': (number);
  'epoch': (number);
  /**
   * SHA-256 of all chunks, in hex.
   */
  'adapter': (string);
  'size': (number);
  'metrics': (_fleet_v1_StepMetrics__Output | null);
}
