// Original file: proto/fleet/v1/fleet.proto


export interface StopAfterRequest {
  'step'?: (number);
}

export interface StopAfterRequest__Output {
  'step': (number);
}
