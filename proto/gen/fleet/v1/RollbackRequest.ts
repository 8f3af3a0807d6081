// Original file: proto/fleet/v1/fleet.proto


export interface RollbackRequest {
  /**
   * To this version.
   */
  'version'?: (number);
  /**
   * The caller knows that the trainer has a checkpoint of it; else its adapter must still be kept.
   */
  'hasCheckpoint'?: (boolean);
}

export interface RollbackRequest__Output {
  /**
   * To this version.
   */
  'version': (number);
  /**
   * The caller knows that the trainer has a checkpoint of it; else its adapter must still be kept.
   */
  'hasCheckpoint': (boolean);
}
