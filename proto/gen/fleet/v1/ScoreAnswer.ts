// Original file: proto/fleet/v1/reward.proto


export interface ScoreAnswer {
  /**
   * Within the range that run.yaml declares.
   */
  'reward'?: (number | string);
  /**
   * How it came about, in a sentence; may be empty.
   */
  'explanation'?: (string);
}

export interface ScoreAnswer__Output {
  /**
   * Within the range that run.yaml declares.
   */
  'reward': (number);
  /**
   * How it came about, in a sentence; may be empty.
   */
  'explanation': (string);
}
