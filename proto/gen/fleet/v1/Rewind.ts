// Original file: proto/fleet/v1/trainer.proto


export interface Rewind {
  /**
   * The version gone back to.
   */
  'source'?: (number);
  /**
   * Its adapter, in hex; empty for the base.
   */
  'adapter'?: (string);
}

export interface Rewind__Output {
  /**
   * The version gone back to.
   */
  'source': (number);
  /**
   * Its adapter, in hex; empty for the base.
   */
  'adapter': (string);
}
