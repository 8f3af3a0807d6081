// Original file: proto/fleet/v1/collector.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CollectAnswer as _fleet_v1_CollectAnswer, CollectAnswer__Output as _fleet_v1_CollectAnswer__Output } from '../../fleet/v1/CollectAnswer.ts';
import type { CollectMessage as _fleet_v1_CollectMessage, CollectMessage__Output as _fleet_v1_CollectMessage__Output } from '../../fleet/v1/CollectMessage.ts';
import type { LeaseAnswer as _fleet_v1_LeaseAnswer, LeaseAnswer__Output as _fleet_v1_LeaseAnswer__Output } from '../../fleet/v1/LeaseAnswer.ts';
import type { LeaseRequest as _fleet_v1_LeaseRequest, LeaseRequest__Output as _fleet_v1_LeaseRequest__Output } from '../../fleet/v1/LeaseRequest.ts';

/**
 * Between workers and the coordinator.
 */
export interface RolloutCollectorClient extends grpc.Client {
  /**
   * Carries samples, heartbeats and releases one way, acknowledgements the other.
   */
  Collect(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_fleet_v1_CollectMessage, _fleet_v1_CollectAnswer__Output>;
  Collect(options?: grpc.CallOptions): grpc.ClientDuplexStream<_fleet_v1_CollectMessage, _fleet_v1_CollectAnswer__Output>;
  /**
   * Carries samples, heartbeats and releases one way, acknowledgements the other.
   */
  collect(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_fleet_v1_CollectMessage, _fleet_v1_CollectAnswer__Output>;
  collect(options?: grpc.CallOptions): grpc.ClientDuplexStream<_fleet_v1_CollectMessage, _fleet_v1_CollectAnswer__Output>;
  
  /**
   * Asks for the right to work on a task. The answer decides; a NATS delivery only asks.
   */
  Lease(argument: _fleet_v1_LeaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_LeaseAnswer__Output>): grpc.ClientUnaryCall;
  Lease(argument: _fleet_v1_LeaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_LeaseAnswer__Output>): grpc.ClientUnaryCall;
  Lease(argument: _fleet_v1_LeaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_LeaseAnswer__Output>): grpc.ClientUnaryCall;
  Lease(argument: _fleet_v1_LeaseRequest, callback: grpc.requestCallback<_fleet_v1_LeaseAnswer__Output>): grpc.ClientUnaryCall;
  /**
   * Asks for the right to work on a task. The answer decides; a NATS delivery only asks.
   */
  lease(argument: _fleet_v1_LeaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_LeaseAnswer__Output>): grpc.ClientUnaryCall;
  lease(argument: _fleet_v1_LeaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_LeaseAnswer__Output>): grpc.ClientUnaryCall;
  lease(argument: _fleet_v1_LeaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_LeaseAnswer__Output>): grpc.ClientUnaryCall;
  lease(argument: _fleet_v1_LeaseRequest, callback: grpc.requestCallback<_fleet_v1_LeaseAnswer__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Between workers and the coordinator.
 */
export interface RolloutCollectorHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Carries samples, heartbeats and releases one way, acknowledgements the other.
   */
  Collect: grpc.handleBidiStreamingCall<_fleet_v1_CollectMessage__Output, _fleet_v1_CollectAnswer>;
  
  /**
   * Asks for the right to work on a task. The answer decides; a NATS delivery only asks.
   */
  Lease: grpc.handleUnaryCall<_fleet_v1_LeaseRequest__Output, _fleet_v1_LeaseAnswer>;
  
}

export interface RolloutCollectorDefinition extends grpc.ServiceDefinition {
  Collect: MethodDefinition<_fleet_v1_CollectMessage, _fleet_v1_CollectAnswer, _fleet_v1_CollectMessage__Output, _fleet_v1_CollectAnswer__Output>
  Lease: MethodDefinition<_fleet_v1_LeaseRequest, _fleet_v1_LeaseAnswer, _fleet_v1_LeaseRequest__Output, _fleet_v1_LeaseAnswer__Output>
}
