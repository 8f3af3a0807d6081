// Original file: proto/fleet/v1/fleet.proto


export interface ControlAnswer {
  /**
   * One sentence: what happens now.
   */
  'message'?: (string);
}

export interface ControlAnswer__Output {
  /**
   * One sentence: what happens now.
   */
  'message': (string);
}
