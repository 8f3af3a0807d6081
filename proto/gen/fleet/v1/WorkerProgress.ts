// Original file: proto/fleet/v1/fleet.proto

import type { Long } from '@grpc/proto-loader';

/**
 * What would have to be handed over if a worker went now.
 */
export interface WorkerProgress {
  'name'?: (string);
  'pool'?: (string);
  'busySlots'?: (number);
  /**
   * Tokens of unfinished completions, about.
   */
  'heldTokens'?: (number | string | Long);
}

/**
 * What would have to be handed over if a worker went now.
 */
export interface WorkerProgress__Output {
  'name': (string);
  'pool': (string);
  'busySlots': (number);
  /**
   * Tokens of unfinished completions, about.
   */
  'heldTokens': (number);
}
