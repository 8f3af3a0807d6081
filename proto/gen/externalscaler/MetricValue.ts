// Original file: proto/keda/externalscaler.proto

import type { Long } from '@grpc/proto-loader';

export interface MetricValue {
  'metricName'?: (string);
  /**
   * Of KEDA before 2.9.
   */
  'metricValue'?: (number | string | Long);
  'metricValueFloat'?: (number | string);
}

export interface MetricValue__Output {
  'metricName': (string);
  /**
   * Of KEDA before 2.9.
   */
  'metricValue': (number);
  'metricValueFloat': (number);
}
