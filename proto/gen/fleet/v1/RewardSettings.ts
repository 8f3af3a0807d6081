// Original file: proto/fleet/v1/task.proto


/**
 * How completions are scored; the fields of the `reward` section of run.yaml, as JSON.
 */
export interface RewardSettings {
  'name'?: (string);
  'optionsJson'?: (string);
}

/**
 * How completions are scored; the fields of the `reward` section of run.yaml, as JSON.
 */
export interface RewardSettings__Output {
  'name': (string);
  'optionsJson': (string);
}
