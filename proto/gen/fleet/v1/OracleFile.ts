// Original file: proto/fleet/v1/task.proto


/**
 * A file after the true change.
 */
export interface OracleFile {
  'path'?: (string);
  /**
   * Absent when the true change deletes the file.
   */
  'content'?: (string);
  '_content'?: "content";
}

/**
 * A file after the true change.
 */
export interface OracleFile__Output {
  'path': (string);
  /**
   * Absent when the true change deletes the file.
   */
  'content'?: (string);
  '_content'?: "content";
}
