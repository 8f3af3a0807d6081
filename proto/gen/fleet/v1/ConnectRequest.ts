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
  /**
   * Of an updater: what its base is like apart from the numbers, as ModelInfo.layout in llama/ computes it; else empty. Workers with
   * another quantization of the base wait until it is told.
   */
  'layout'?: (string);
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
  /**
   * Of an updater: what its base is like apart from the numbers, as ModelInfo.layout in llama/ computes it; else empty. Workers with
   * another quantization of the base wait until it is told.
   */
  'layout': (string);
}
