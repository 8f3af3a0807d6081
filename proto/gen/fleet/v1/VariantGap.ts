// Original file: proto/fleet/v1/trainer.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The gap between sampler and trainer on one base variant.
 */
export interface VariantGap {
  'variant'?: (string);
  'tokens'?: (number | string | Long);
  /**
   * Mean of |log prox - log mu|, in nats.
   */
  'meanAbs'?: (number | string);
  'maxAbs'?: (number | string);
  /**
   * Share of tokens whose weight w was cut off.
   */
  'cutShare'?: (number | string);
  /**
   * Mean of prox / mu.
   */
  'ratioMean'?: (number | string);
  /**
   * Share of tokens whose gradient the clip stopped.
   */
  'clippedShare'?: (number | string);
}

/**
 * The gap between sampler and trainer on one base variant.
 */
export interface VariantGap__Output {
  'variant': (string);
  'tokens': (number);
  /**
   * Mean of |log prox - log mu|, in nats.
   */
  'meanAbs': (number);
  'maxAbs': (number);
  /**
   * Share of tokens whose weight w was cut off.
   */
  'cutShare': (number);
  /**
   * Mean of prox / mu.
   */
  'ratioMean': (number);
  /**
   * Share of tokens whose gradient the clip stopped.
   */
  'clippedShare': (number);
}
