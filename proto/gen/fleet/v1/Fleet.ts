// Original file: proto/fleet/v1/fleet.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ConnectAnswer as _fleet_v1_ConnectAnswer, ConnectAnswer__Output as _fleet_v1_ConnectAnswer__Output } from '../../fleet/v1/ConnectAnswer.ts';
import type { ConnectRequest as _fleet_v1_ConnectRequest, ConnectRequest__Output as _fleet_v1_ConnectRequest__Output } from '../../fleet/v1/ConnectRequest.ts';
import type { ScalingAnswer as _fleet_v1_ScalingAnswer, ScalingAnswer__Output as _fleet_v1_ScalingAnswer__Output } from '../../fleet/v1/ScalingAnswer.ts';
import type { ScalingRequest as _fleet_v1_ScalingRequest, ScalingRequest__Output as _fleet_v1_ScalingRequest__Output } from '../../fleet/v1/ScalingRequest.ts';
import type { StatusAnswer as _fleet_v1_StatusAnswer, StatusAnswer__Output as _fleet_v1_StatusAnswer__Output } from '../../fleet/v1/StatusAnswer.ts';
import type { StatusRequest as _fleet_v1_StatusRequest, StatusRequest__Output as _fleet_v1_StatusRequest__Output } from '../../fleet/v1/StatusRequest.ts';

/**
 * Joining a run and looking at it.
 */
export interface FleetClient extends grpc.Client {
  Connect(argument: _fleet_v1_ConnectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ConnectAnswer__Output>): grpc.ClientUnaryCall;
  Connect(argument: _fleet_v1_ConnectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ConnectAnswer__Output>): grpc.ClientUnaryCall;
  Connect(argument: _fleet_v1_ConnectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ConnectAnswer__Output>): grpc.ClientUnaryCall;
  Connect(argument: _fleet_v1_ConnectRequest, callback: grpc.requestCallback<_fleet_v1_ConnectAnswer__Output>): grpc.ClientUnaryCall;
  connect(argument: _fleet_v1_ConnectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ConnectAnswer__Output>): grpc.ClientUnaryCall;
  connect(argument: _fleet_v1_ConnectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ConnectAnswer__Output>): grpc.ClientUnaryCall;
  connect(argument: _fleet_v1_ConnectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ConnectAnswer__Output>): grpc.ClientUnaryCall;
  connect(argument: _fleet_v1_ConnectRequest, callback: grpc.requestCallback<_fleet_v1_ConnectAnswer__Output>): grpc.ClientUnaryCall;
  
  /**
   * How many workers each pool is to have now. Whoever carries that out says what the cluster has.
   */
  Scaling(argument: _fleet_v1_ScalingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ScalingAnswer__Output>): grpc.ClientUnaryCall;
  Scaling(argument: _fleet_v1_ScalingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ScalingAnswer__Output>): grpc.ClientUnaryCall;
  Scaling(argument: _fleet_v1_ScalingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ScalingAnswer__Output>): grpc.ClientUnaryCall;
  Scaling(argument: _fleet_v1_ScalingRequest, callback: grpc.requestCallback<_fleet_v1_ScalingAnswer__Output>): grpc.ClientUnaryCall;
  /**
   * How many workers each pool is to have now. Whoever carries that out says what the cluster has.
   */
  scaling(argument: _fleet_v1_ScalingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ScalingAnswer__Output>): grpc.ClientUnaryCall;
  scaling(argument: _fleet_v1_ScalingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ScalingAnswer__Output>): grpc.ClientUnaryCall;
  scaling(argument: _fleet_v1_ScalingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ScalingAnswer__Output>): grpc.ClientUnaryCall;
  scaling(argument: _fleet_v1_ScalingRequest, callback: grpc.requestCallback<_fleet_v1_ScalingAnswer__Output>): grpc.ClientUnaryCall;
  
  Status(argument: _fleet_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_StatusAnswer__Output>): grpc.ClientUnaryCall;
  Status(argument: _fleet_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_StatusAnswer__Output>): grpc.ClientUnaryCall;
  Status(argument: _fleet_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_StatusAnswer__Output>): grpc.ClientUnaryCall;
  Status(argument: _fleet_v1_StatusRequest, callback: grpc.requestCallback<_fleet_v1_StatusAnswer__Output>): grpc.ClientUnaryCall;
  status(argument: _fleet_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_StatusAnswer__Output>): grpc.ClientUnaryCall;
  status(argument: _fleet_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_StatusAnswer__Output>): grpc.ClientUnaryCall;
  status(argument: _fleet_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_StatusAnswer__Output>): grpc.ClientUnaryCall;
  status(argument: _fleet_v1_StatusRequest, callback: grpc.requestCallback<_fleet_v1_StatusAnswer__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Joining a run and looking at it.
 */
export interface FleetHandlers extends grpc.UntypedServiceImplementation {
  Connect: grpc.handleUnaryCall<_fleet_v1_ConnectRequest__Output, _fleet_v1_ConnectAnswer>;
  
  /**
   * How many workers each pool is to have now. Whoever carries that out says what the cluster has.
   */
  Scaling: grpc.handleUnaryCall<_fleet_v1_ScalingRequest__Output, _fleet_v1_ScalingAnswer>;
  
  Status: grpc.handleUnaryCall<_fleet_v1_StatusRequest__Output, _fleet_v1_StatusAnswer>;
  
}

export interface FleetDefinition extends grpc.ServiceDefinition {
  Connect: MethodDefinition<_fleet_v1_ConnectRequest, _fleet_v1_ConnectAnswer, _fleet_v1_ConnectRequest__Output, _fleet_v1_ConnectAnswer__Output>
  Scaling: MethodDefinition<_fleet_v1_ScalingRequest, _fleet_v1_ScalingAnswer, _fleet_v1_ScalingRequest__Output, _fleet_v1_ScalingAnswer__Output>
  Status: MethodDefinition<_fleet_v1_StatusRequest, _fleet_v1_StatusAnswer, _fleet_v1_StatusRequest__Output, _fleet_v1_StatusAnswer__Output>
}
