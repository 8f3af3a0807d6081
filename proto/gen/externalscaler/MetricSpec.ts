// Original file: proto/keda/externalscaler.proto

import type { Long } from '@grpc/proto-loader';

export interface MetricSpec {
  'metricName'?: (string);
  /**
   * Of KEDA before 2.9.
   */
  'targetSize'?: (number | string | Long);
  'targetSizeFloat'?: (number | string);
}

export interface MetricSpec__Output {
  'metricName': (string);
  /**
   * Of KEDA before 2.9.
   */
  'targetSize': (number);
  'targetSizeFloat': (number);
}
