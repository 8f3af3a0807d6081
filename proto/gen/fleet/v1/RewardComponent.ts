// Original file: proto/fleet/v1/rollout.proto


/**
 * A named part of a reward.
 */
export interface RewardComponent {
  'name'?: (string);
  'value'?: (number | string);
  'weight'?: (number | string);
}

/**
 * A named part of a reward.
 */
export interface RewardComponent__Output {
  'name': (string);
  'value': (number);
  'weight': (number);
}
