// Original file: proto/fleet/v1/fleet.proto


export interface StepSummary {
  'step'?: (number);
  'meanReward'?: (number | string);
  'formatRate'?: (number | string);
  'exactRate'?: (number | string);
  'staleness'?: (number | string);
  'seconds'?: (number | string);
}

export interface StepSummary__Output {
  'step': (number);
  'meanReward': (number);
  'formatRate': (number);
  'exactRate': (number);
  'staleness': (number);
  'seconds': (number);
}
