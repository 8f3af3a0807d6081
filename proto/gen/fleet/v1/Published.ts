// Original file: proto/fleet/v1/trainer.proto


export interface Published {
  'version'?: (number);
}

export interface Published__Output {
  'version': (number);
}
