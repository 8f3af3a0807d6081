// Original file: proto/fleet/v1/collector.proto


/**
 * Ends a lease; what is missing of it goes elsewhere at once.
 */
export interface Release {
  'lease'?: (string);
  'task'?: (string);
  'reason'?: (string);
}

/**
 * Ends a lease; what is missing of it goes elsewhere at once.
 */
export interface Release__Output {
  'lease': (string);
  'task': (string);
  'reason': (string);
}
