// Original file: proto/fleet/v1/trainer.proto


export interface BatchStart {
  'step'?: (number);
  'groups'?: (number);
}

export interface BatchStart__Output {
  'step': (number);
  'groups': (number);
}
