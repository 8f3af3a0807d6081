// Original file: proto/fleet/v1/rollout.proto


export interface Timings {
  'queuedMs'?: (number | string);
  'prefillMs'?: (number | string);
  'decodeMs'?: (number | string);
  'rewardMs'?: (number | string);
}

export interface Timings__Output {
  'queuedMs': (number);
  'prefillMs': (number);
  'decodeMs': (number);
  'rewardMs': (number);
}
