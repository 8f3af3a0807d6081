// Original file: proto/fleet/v1/collector.proto


export interface Heartbeat {
  'worker'?: (string);
  'leases'?: (string)[];
}

export interface Heartbeat__Output {
  'worker': (string);
  'leases': (string)[];
}
