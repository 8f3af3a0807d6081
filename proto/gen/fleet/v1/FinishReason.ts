// Original file: proto/fleet/v1/rollout.proto

export const FinishReason = {
  FINISH_UNSPECIFIED: 'FINISH_UNSPECIFIED',
  /**
   * An end-of-generation token was sampled; it is the last token.
   */
  FINISH_END: 'FINISH_END',
  /**
   * A stop string appeared; its tokens are kept, its text is not scored.
   */
  FINISH_STOP: 'FINISH_STOP',
  /**
   * max_tokens were sampled.
   */
  FINISH_LENGTH: 'FINISH_LENGTH',
  /**
   * Not finished: handed over to be continued.
   */
  FINISH_PARTIAL: 'FINISH_PARTIAL',
} as const;

export type FinishReason =
  | 'FINISH_UNSPECIFIED'
  | 0
  /**
   * An end-of-generation token was sampled; it is the last token.
   */
  | 'FINISH_END'
  | 1
  /**
   * A stop string appeared; its tokens are kept, its text is not scored.
   */
  | 'FINISH_STOP'
  | 2
  /**
   * max_tokens were sampled.
   */
  | 'FINISH_LENGTH'
  | 3
  /**
   * Not finished: handed over to be continued.
   */
  | 'FINISH_PARTIAL'
  | 4

export type FinishReason__Output = typeof FinishReason[keyof typeof FinishReason]
