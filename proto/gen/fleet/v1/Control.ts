// Original file: proto/fleet/v1/fleet.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ControlAnswer as _fleet_v1_ControlAnswer, ControlAnswer__Output as _fleet_v1_ControlAnswer__Output } from '../../fleet/v1/ControlAnswer.ts';
import type { ControlRequest as _fleet_v1_ControlRequest, ControlRequest__Output as _fleet_v1_ControlRequest__Output } from '../../fleet/v1/ControlRequest.ts';
import type { RollbackRequest as _fleet_v1_RollbackRequest, RollbackRequest__Output as _fleet_v1_RollbackRequest__Output } from '../../fleet/v1/RollbackRequest.ts';
import type { StopAfterRequest as _fleet_v1_StopAfterRequest, StopAfterRequest__Output as _fleet_v1_StopAfterRequest__Output } from '../../fleet/v1/StopAfterRequest.ts';

/**
 * Steering a run.
 */
export interface ControlClient extends grpc.Client {
  Pause(argument: _fleet_v1_ControlRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  Pause(argument: _fleet_v1_ControlRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  Pause(argument: _fleet_v1_ControlRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  Pause(argument: _fleet_v1_ControlRequest, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  pause(argument: _fleet_v1_ControlRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  pause(argument: _fleet_v1_ControlRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  pause(argument: _fleet_v1_ControlRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  pause(argument: _fleet_v1_ControlRequest, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  
  /**
   * Goes back to an older policy: the next version has its adapter, and the trainer goes on from it.
   */
  Rollback(argument: _fleet_v1_RollbackRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  Rollback(argument: _fleet_v1_RollbackRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  Rollback(argument: _fleet_v1_RollbackRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  Rollback(argument: _fleet_v1_RollbackRequest, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  /**
   * Goes back to an older policy: the next version has its adapter, and the trainer goes on from it.
   */
  rollback(argument: _fleet_v1_RollbackRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  rollback(argument: _fleet_v1_RollbackRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  rollback(argument: _fleet_v1_RollbackRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  rollback(argument: _fleet_v1_RollbackRequest, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  
  StopAfter(argument: _fleet_v1_StopAfterRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  StopAfter(argument: _fleet_v1_StopAfterRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  StopAfter(argument: _fleet_v1_StopAfterRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  StopAfter(argument: _fleet_v1_StopAfterRequest, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  stopAfter(argument: _fleet_v1_StopAfterRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  stopAfter(argument: _fleet_v1_StopAfterRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  stopAfter(argument: _fleet_v1_StopAfterRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  stopAfter(argument: _fleet_v1_StopAfterRequest, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  
  Unpause(argument: _fleet_v1_ControlRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  Unpause(argument: _fleet_v1_ControlRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  Unpause(argument: _fleet_v1_ControlRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  Unpause(argument: _fleet_v1_ControlRequest, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  unpause(argument: _fleet_v1_ControlRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  unpause(argument: _fleet_v1_ControlRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  unpause(argument: _fleet_v1_ControlRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  unpause(argument: _fleet_v1_ControlRequest, callback: grpc.requestCallback<_fleet_v1_ControlAnswer__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Steering a run.
 */
export interface ControlHandlers extends grpc.UntypedServiceImplementation {
  Pause: grpc.handleUnaryCall<_fleet_v1_ControlRequest__Output, _fleet_v1_ControlAnswer>;
  
  /**
   * Goes back to an older policy: the next version has its adapter, and the trainer goes on from it.
   */
  Rollback: grpc.handleUnaryCall<_fleet_v1_RollbackRequest__Output, _fleet_v1_ControlAnswer>;
  
  StopAfter: grpc.handleUnaryCall<_fleet_v1_StopAfterRequest__Output, _fleet_v1_ControlAnswer>;
  
  Unpause: grpc.handleUnaryCall<_fleet_v1_ControlRequest__Output, _fleet_v1_ControlAnswer>;
  
}

export interface ControlDefinition extends grpc.ServiceDefinition {
  Pause: MethodDefinition<_fleet_v1_ControlRequest, _fleet_v1_ControlAnswer, _fleet_v1_ControlRequest__Output, _fleet_v1_ControlAnswer__Output>
  Rollback: MethodDefinition<_fleet_v1_RollbackRequest, _fleet_v1_ControlAnswer, _fleet_v1_RollbackRequest__Output, _fleet_v1_ControlAnswer__Output>
  StopAfter: MethodDefinition<_fleet_v1_StopAfterRequest, _fleet_v1_ControlAnswer, _fleet_v1_StopAfterRequest__Output, _fleet_v1_ControlAnswer__Output>
  Unpause: MethodDefinition<_fleet_v1_ControlRequest, _fleet_v1_ControlAnswer, _fleet_v1_ControlRequest__Output, _fleet_v1_ControlAnswer__Output>
}
