// Original file: proto/fleet/v1/fleet.proto


export interface WorkerStatus {
  'name'?: (string);
  'device'?: (string);
  'variant'?: (string);
  'slots'?: (number);
  'busySlots'?: (number);
  'policyVersion'?: (number);
  'tokensPerSecond'?: (number | string);
  /**
   * Which pool of workers it is of; empty where nobody said.
   */
  'pool'?: (string);
  /**
   * Whether it hands over what it has and goes.
   */
  'draining'?: (boolean);
}

export interface WorkerStatus__Output {
  'name': (string);
  'device': (string);
  'variant': (string);
  'slots': (number);
  'busySlots': (number);
  'policyVersion': (number);
  'tokensPerSecond': (number);
  /**
   * Which pool of workers it is of; empty where nobody said.
   */
  'pool': (string);
  /**
   * Whether it hands over what it has and goes.
   */
  'draining': (boolean);
}
