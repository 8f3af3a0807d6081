// Original file: proto/fleet/v1/fleet.proto


export interface ConnectRequest {
  /**
   * Must equal the coordinator's; see PROTOCOL in transport/.
   */
  'protocol'?: (number);
  /**
   * "worker", "updater" or "cli".
   */
  'role'?: (string);
  'name'?: (string);
}

export interface ConnectRequest__Output {
  /**
   * Must equal the coordinator's; see PROTOCOL in transport/.
   */
  'protocol': (number);
  /**
   * "worker", "updater" or "cli".
   */
  'role': (string);
  'name': (string);
}
