// Original file: proto/fleet/v1/collector.proto

import type { SampleOutcome as _fleet_v1_SampleOutcome, SampleOutcome__Output as _fleet_v1_SampleOutcome__Output } from '../../fleet/v1/SampleOutcome.ts';

export interface SampleAnswer {
  'task'?: (string);
  'sample'?: (number);
  'outcome'?: (_fleet_v1_SampleOutcome);
  'reason'?: (string);
  /**
   * Whether the trace of its task is to be kept; telemetry alone reads it.
   */
  'keepTrace'?: (boolean);
}

export interface SampleAnswer__Output {
  'task': (string);
  'sample': (number);
  'outcome': (_fleet_v1_SampleOutcome__Output);
  'reason': (string);
  /**
   * Whether the trace of its task is to be kept; telemetry alone reads it.
   */
  'keepTrace': (boolean);
}
