// Original file: proto/fleet/v1/collector.proto


export interface LeaseRequest {
  'run'?: (string);
  'task'?: (string);
  'dispatch'?: (number);
  'worker'?: (string);
  'variant'?: (string);
}

export interface LeaseRequest__Output {
  'run': (string);
  'task': (string);
  'dispatch': (number);
  'worker': (string);
  'variant': (string);
}
