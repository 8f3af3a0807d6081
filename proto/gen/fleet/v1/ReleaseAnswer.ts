// Original file: proto/fleet/v1/collector.proto


export interface ReleaseAnswer {
  'lease'?: (string);
}

export interface ReleaseAnswer__Output {
  'lease': (string);
}
