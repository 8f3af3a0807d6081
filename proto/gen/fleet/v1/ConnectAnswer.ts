// Original file: proto/fleet/v1/fleet.proto


export interface ConnectAnswer {
  'run'?: (string);
  /**
   * Empty for roles without a NATS user.
   */
  'natsUrl'?: (string);
  'natsUser'?: (string);
  'natsPassword'?: (string);
  /**
   * SHA-256 of the training base, in hex.
   */
  'baseDigest'?: (string);
  /**
   * The resolved run.yaml, as JSON.
   */
  'runJson'?: (string);
  /**
   * What the updater last said of its base; empty before it did.
   */
  'baseLayout'?: (string);
}

export interface ConnectAnswer__Output {
  'run': (string);
  /**
   * Empty for roles without a NATS user.
   */
  'natsUrl': (string);
  'natsUser': (string);
  'natsPassword': (string);
  /**
   * SHA-256 of the training base, in hex.
   */
  'baseDigest': (string);
  /**
   * The resolved run.yaml, as JSON.
   */
  'runJson': (string);
  /**
   * What the updater last said of its base; empty before it did.
   */
  'baseLayout': (string);
}
