// Original file: proto/fleet/v1/fleet.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The books of one lane: issued = accepted + rejected + expired + outstanding, and
 * accepted = trained + skipped + evaluated + waiting.
 */
export interface LaneBalance {
  'lane'?: (string);
  'issued'?: (number | string | Long);
  'accepted'?: (number | string | Long);
  'rejected'?: (number | string | Long);
  'expired'?: (number | string | Long);
  'outstanding'?: (number | string | Long);
  'trained'?: (number | string | Long);
  'skipped'?: (number | string | Long);
  'evaluated'?: (number | string | Long);
  'waiting'?: (number | string | Long);
  'duplicates'?: (number | string | Long);
}

/**
 * The books of one lane: issued = accepted + rejected + expired + outstanding, and
 * accepted = trained + skipped + evaluated + waiting.
 */
export interface LaneBalance__Output {
  'lane': (string);
  'issued': (number);
  'accepted': (number);
  'rejected': (number);
  'expired': (number);
  'outstanding': (number);
  'trained': (number);
  'skipped': (number);
  'evaluated': (number);
  'waiting': (number);
  'duplicates': (number);
}
