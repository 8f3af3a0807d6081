// Original file: proto/fleet/v1/rollout.proto

import type { Span as _fleet_v1_Span, Span__Output as _fleet_v1_Span__Output } from '../../fleet/v1/Span.ts';
import type { FinishReason as _fleet_v1_FinishReason, FinishReason__Output as _fleet_v1_FinishReason__Output } from '../../fleet/v1/FinishReason.ts';

/**
 * Sampled tokens and what is known of each.
 */
export interface Completion {
  /**
   * int32, little-endian.
   */
  'tokens'?: (Buffer | Uint8Array | string);
  /**
   * float32, little-endian, one a token: log-softmax of (logits / temperature); of the raw logits at temperature 0.
   */
  'logp'?: (Buffer | Uint8Array | string);
  /**
   * float32, little-endian, one a token, after top-k, top-p and min-p; empty where nothing was cut off.
   */
  'logq'?: (Buffer | Uint8Array | string);
  /**
   * float32, little-endian, one a token: entropy in nats of the softmax that logp is of.
   */
  'entropy'?: (Buffer | Uint8Array | string);
  'spans'?: (_fleet_v1_Span)[];
  'finish'?: (_fleet_v1_FinishReason);
  /**
   * The text that is scored: without end-of-generation token and without what follows a stop string's start.
   */
  'text'?: (string);
}

/**
 * Sampled tokens and what is known of each.
 */
export interface Completion__Output {
  /**
   * int32, little-endian.
   */
  'tokens': (Buffer);
  /**
   * float32, little-endian, one a token: log-softmax of (logits / temperature); of the raw logits at temperature 0.
   */
  'logp': (Buffer);
  /**
   * float32, little-endian, one a token, after top-k, top-p and min-p; empty where nothing was cut off.
   */
  'logq': (Buffer);
  /**
   * float32, little-endian, one a token: entropy in nats of the softmax that logp is of.
   */
  'entropy': (Buffer);
  'spans': (_fleet_v1_Span__Output)[];
  'finish': (_fleet_v1_FinishReason__Output);
  /**
   * The text that is scored: without end-of-generation token and without what follows a stop string's start.
   */
  'text': (string);
}
