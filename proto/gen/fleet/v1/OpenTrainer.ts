// Original file: proto/fleet/v1/trainer.proto


export interface OpenTrainer {
  'run'?: (string);
  /**
   * Step and adapter of the trainer's newest checkpoint; 0 and empty for a new one.
   */
  'step'?: (number);
  'adapter'?: (string);
}

export interface OpenTrainer__Output {
  'run': (string);
  /**
   * Step and adapter of the trainer's newest checkpoint; 0 and empty for a new one.
   */
  'step': (number);
  'adapter': (string);
}
