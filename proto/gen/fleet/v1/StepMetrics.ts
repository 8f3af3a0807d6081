// Original file: proto/fleet/v1/trainer.proto

import type { VariantGap as _fleet_v1_VariantGap, VariantGap__Output as _fleet_v1_VariantGap__Output } from '../../fleet/v1/VariantGap.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * What the trainer saw in a step.
 */
export interface StepMetrics {
  'loss'?: (number | string);
  /**
   * Mean over loss tokens of k3 against the reference; 0 when not computed.
   */
  'kl'?: (number | string);
  'entropy'?: (number | string);
  /**
   * Of prox / mu before clipping.
   */
  'ratioMean'?: (number | string);
  'ratioMax'?: (number | string);
  'clippedShare'?: (number | string);
  'gradientNorm'?: (number | string);
  'learningRate'?: (number | string);
  'lossTokens'?: (number | string | Long);
  'trainedTokens'?: (number | string | Long);
  'trainedRollouts'?: (number);
  'gaps'?: (_fleet_v1_VariantGap)[];
  'waitSeconds'?: (number | string);
  'forwardSeconds'?: (number | string);
  'backwardSeconds'?: (number | string);
  'optimizerSeconds'?: (number | string);
}

/**
 * What the trainer saw in a step.
 */
export interface StepMetrics__Output {
  'loss': (number);
  /**
   * Mean over loss tokens of k3 against the reference; 0 when not computed.
   */
  'kl': (number);
  'entropy': (number);
  /**
   * Of prox / mu before clipping.
   */
  'ratioMean': (number);
  'ratioMax': (number);
  'clippedShare': (number);
  'gradientNorm': (number);
  'learningRate': (number);
  'lossTokens': (number);
  'trainedTokens': (number);
  'trainedRollouts': (number);
  'gaps': (_fleet_v1_VariantGap__Output)[];
  'waitSeconds': (number);
  'forwardSeconds': (number);
  'backwardSeconds': (number);
  'optimizerSeconds': (number);
}
