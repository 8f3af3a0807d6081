// Original file: proto/fleet/v1/collector.proto


export interface HeartbeatAnswer {
  /**
   * Leases among those named that are no longer held: stop working on them.
   */
  'lost'?: (string)[];
}

export interface HeartbeatAnswer__Output {
  /**
   * Leases among those named that are no longer held: stop working on them.
   */
  'lost': (string)[];
}
