// Original file: proto/fleet/v1/collector.proto

export const SampleOutcome = {
  OUTCOME_UNSPECIFIED: 'OUTCOME_UNSPECIFIED',
  /**
   * Durable and counted.
   */
  OUTCOME_ACCEPTED: 'OUTCOME_ACCEPTED',
  /**
   * Counted before; nothing changed.
   */
  OUTCOME_DUPLICATE: 'OUTCOME_DUPLICATE',
  /**
   * No longer wanted (expired, rejected, task over); nothing changed.
   */
  OUTCOME_CLOSED: 'OUTCOME_CLOSED',
  /**
   * The message breaks a rule, which `reason` names; nothing changed.
   */
  OUTCOME_REFUSED: 'OUTCOME_REFUSED',
} as const;

export type SampleOutcome =
  | 'OUTCOME_UNSPECIFIED'
  | 0
  /**
   * Durable and counted.
   */
  | 'OUTCOME_ACCEPTED'
  | 1
  /**
   * Counted before; nothing changed.
   */
  | 'OUTCOME_DUPLICATE'
  | 2
  /**
   * No longer wanted (expired, rejected, task over); nothing changed.
   */
  | 'OUTCOME_CLOSED'
  | 3
  /**
   * The message breaks a rule, which `reason` names; nothing changed.
   */
  | 'OUTCOME_REFUSED'
  | 4

export type SampleOutcome__Output = typeof SampleOutcome[keyof typeof SampleOutcome]
