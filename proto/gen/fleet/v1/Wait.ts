// Original file: proto/fleet/v1/fleet.proto


/**
 * Something that is waited for at this moment.
 */
export interface Wait {
  /**
   * What for, as it reads after "waits for".
   */
  'what'?: (string);
  /**
   * On whom; a worker's name, "the updater", "workers" or "the coordinator".
   */
  'on'?: (string);
  'seconds'?: (number | string);
  /**
   * How long it may be waited for; 0 where another deadline ends it.
   */
  'deadlineSeconds'?: (number | string);
}

/**
 * Something that is waited for at this moment.
 */
export interface Wait__Output {
  /**
   * What for, as it reads after "waits for".
   */
  'what': (string);
  /**
   * On whom; a worker's name, "the updater", "workers" or "the coordinator".
   */
  'on': (string);
  'seconds': (number);
  /**
   * How long it may be waited for; 0 where another deadline ends it.
   */
  'deadlineSeconds': (number);
}
