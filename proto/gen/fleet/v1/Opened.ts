// Original file: proto/fleet/v1/trainer.proto


export interface Opened {
  'epoch'?: (number);
  /**
   * The ledger's newest step. When the trainer's is one ahead it publishes that one again first.
   */
  'step'?: (number);
}

export interface Opened__Output {
  'epoch': (number);
  /**
   * The ledger's newest step. When the trainer's is one ahead it publishes that one again first.
   */
  'step': (number);
}
