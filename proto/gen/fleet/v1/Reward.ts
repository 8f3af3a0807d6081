// Original file: proto/fleet/v1/rollout.proto

import type { RewardComponent as _fleet_v1_RewardComponent, RewardComponent__Output as _fleet_v1_RewardComponent__Output } from '../../fleet/v1/RewardComponent.ts';

export interface Reward {
  /**
   * Finite and in the declared range.
   */
  'value'?: (number | string);
  /**
   * Name and version of the code that computed it.
   */
  'scorer'?: (string);
  'components'?: (_fleet_v1_RewardComponent)[];
  /**
   * Empty when the reply had the right format.
   */
  'errorClass'?: (string);
  /**
   * True when the predicted change is the true one.
   */
  'exact'?: (boolean);
  /**
   * For a person, as JSON: the offending text, per-file similarity, both diffs.
   */
  'explanationJson'?: (string);
}

export interface Reward__Output {
  /**
   * Finite and in the declared range.
   */
  'value': (number);
  /**
   * Name and version of the code that computed it.
   */
  'scorer': (string);
  'components': (_fleet_v1_RewardComponent__Output)[];
  /**
   * Empty when the reply had the right format.
   */
  'errorClass': (string);
  /**
   * True when the predicted change is the true one.
   */
  'exact': (boolean);
  /**
   * For a person, as JSON: the offending text, per-file similarity, both diffs.
   */
  'explanationJson': (string);
}
