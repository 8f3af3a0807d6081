// Original file: proto/fleet/v1/trainer.proto


export interface SkipStepRequest {
  'run'?: (string);
  'step'?: (number);
  'epoch'?: (number);
  'reason'?: (string);
}

export interface SkipStepRequest__Output {
  'run': (string);
  'step': (number);
  'epoch': (number);
  'reason': (string);
}
