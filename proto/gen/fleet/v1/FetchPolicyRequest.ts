// Original file: proto/fleet/v1/trainer.proto


export interface FetchPolicyRequest {
  'run'?: (string);
  'version'?: (number);
}

export interface FetchPolicyRequest__Output {
  'run': (string);
  'version': (number);
}
