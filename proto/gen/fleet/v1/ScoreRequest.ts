// Original file: proto/fleet/v1/reward.proto


export interface ScoreRequest {
  /**
   * What the component is called in run.yaml.
   */
  'component'?: (string);
  /**
   * Path to content, as the model saw it.
   */
  'files'?: ({[key: string]: string});
  /**
   * Path to content after the true change; only files that change.
   */
  'oracle'?: ({[key: string]: string});
  /**
   * Paths that the true change deletes.
   */
  'deleted'?: (string)[];
  /**
   * What the model wrote.
   */
  'reply'?: (string);
}

export interface ScoreRequest__Output {
  /**
   * What the component is called in run.yaml.
   */
  'component': (string);
  /**
   * Path to content, as the model saw it.
   */
  'files': ({[key: string]: string});
  /**
   * Path to content after the true change; only files that change.
   */
  'oracle': ({[key: string]: string});
  /**
   * Paths that the true change deletes.
   */
  'deleted': (string)[];
  /**
   * What the model wrote.
   */
  'reply': (string);
}
