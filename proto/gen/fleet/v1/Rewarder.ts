// Original file: proto/fleet/v1/reward.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ScoreAnswer as _fleet_v1_ScoreAnswer, ScoreAnswer__Output as _fleet_v1_ScoreAnswer__Output } from '../../fleet/v1/ScoreAnswer.ts';
import type { ScoreRequest as _fleet_v1_ScoreRequest, ScoreRequest__Output as _fleet_v1_ScoreRequest__Output } from '../../fleet/v1/ScoreRequest.ts';

/**
 * A reward of somebody's own, as a service. Whoever serves it decides what a reply is worth; workers call it.
 */
export interface RewarderClient extends grpc.Client {
  /**
   * Scores one reply. An error, or no answer before the caller's deadline, fails the sample; it is never a reward.
   */
  Score(argument: _fleet_v1_ScoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ScoreAnswer__Output>): grpc.ClientUnaryCall;
  Score(argument: _fleet_v1_ScoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ScoreAnswer__Output>): grpc.ClientUnaryCall;
  Score(argument: _fleet_v1_ScoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ScoreAnswer__Output>): grpc.ClientUnaryCall;
  Score(argument: _fleet_v1_ScoreRequest, callback: grpc.requestCallback<_fleet_v1_ScoreAnswer__Output>): grpc.ClientUnaryCall;
  /**
   * Scores one reply. An error, or no answer before the caller's deadline, fails the sample; it is never a reward.
   */
  score(argument: _fleet_v1_ScoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ScoreAnswer__Output>): grpc.ClientUnaryCall;
  score(argument: _fleet_v1_ScoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_ScoreAnswer__Output>): grpc.ClientUnaryCall;
  score(argument: _fleet_v1_ScoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_ScoreAnswer__Output>): grpc.ClientUnaryCall;
  score(argument: _fleet_v1_ScoreRequest, callback: grpc.requestCallback<_fleet_v1_ScoreAnswer__Output>): grpc.ClientUnaryCall;
  
}

/**
 * A reward of somebody's own, as a service. Whoever serves it decides what a reply is worth; workers call it.
 */
export interface RewarderHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Scores one reply. An error, or no answer before the caller's deadline, fails the sample; it is never a reward.
   */
  Score: grpc.handleUnaryCall<_fleet_v1_ScoreRequest__Output, _fleet_v1_ScoreAnswer>;
  
}

export interface RewarderDefinition extends grpc.ServiceDefinition {
  Score: MethodDefinition<_fleet_v1_ScoreRequest, _fleet_v1_ScoreAnswer, _fleet_v1_ScoreRequest__Output, _fleet_v1_ScoreAnswer__Output>
}
