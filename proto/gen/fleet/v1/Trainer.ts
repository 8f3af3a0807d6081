// Original file: proto/fleet/v1/trainer.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BatchMessage as _fleet_v1_BatchMessage, BatchMessage__Output as _fleet_v1_BatchMessage__Output } from '../../fleet/v1/BatchMessage.ts';
import type { FetchPolicyRequest as _fleet_v1_FetchPolicyRequest, FetchPolicyRequest__Output as _fleet_v1_FetchPolicyRequest__Output } from '../../fleet/v1/FetchPolicyRequest.ts';
import type { OpenTrainer as _fleet_v1_OpenTrainer, OpenTrainer__Output as _fleet_v1_OpenTrainer__Output } from '../../fleet/v1/OpenTrainer.ts';
import type { PolicyChunk as _fleet_v1_PolicyChunk, PolicyChunk__Output as _fleet_v1_PolicyChunk__Output } from '../../fleet/v1/PolicyChunk.ts';
import type { Published as _fleet_v1_Published, Published__Output as _fleet_v1_Published__Output } from '../../fleet/v1/Published.ts';
import type { SkipStepRequest as _fleet_v1_SkipStepRequest, SkipStepRequest__Output as _fleet_v1_SkipStepRequest__Output } from '../../fleet/v1/SkipStepRequest.ts';

/**
 * Between an updater and the coordinator. Batch k is trained on policy k - 1 and makes policy k.
 */
export interface TrainerClient extends grpc.Client {
  /**
   * Opens a trainer's session and streams batches to it: one in training, one ahead.
   */
  Batches(argument: _fleet_v1_OpenTrainer, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_fleet_v1_BatchMessage__Output>;
  Batches(argument: _fleet_v1_OpenTrainer, options?: grpc.CallOptions): grpc.ClientReadableStream<_fleet_v1_BatchMessage__Output>;
  /**
   * Opens a trainer's session and streams batches to it: one in training, one ahead.
   */
  batches(argument: _fleet_v1_OpenTrainer, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_fleet_v1_BatchMessage__Output>;
  batches(argument: _fleet_v1_OpenTrainer, options?: grpc.CallOptions): grpc.ClientReadableStream<_fleet_v1_BatchMessage__Output>;
  
  /**
   * The adapter of a policy, header first, while it is kept: for a trainer without a checkpoint of it.
   */
  FetchPolicy(argument: _fleet_v1_FetchPolicyRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_fleet_v1_PolicyChunk__Output>;
  FetchPolicy(argument: _fleet_v1_FetchPolicyRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_fleet_v1_PolicyChunk__Output>;
  /**
   * The adapter of a policy, header first, while it is kept: for a trainer without a checkpoint of it.
   */
  fetchPolicy(argument: _fleet_v1_FetchPolicyRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_fleet_v1_PolicyChunk__Output>;
  fetchPolicy(argument: _fleet_v1_FetchPolicyRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_fleet_v1_PolicyChunk__Output>;
  
  /**
   * Hands over the policy that a batch made; the only acknowledgement of a batch.
   */
  PublishPolicy(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientWritableStream<_fleet_v1_PolicyChunk>;
  PublishPolicy(metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientWritableStream<_fleet_v1_PolicyChunk>;
  PublishPolicy(options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientWritableStream<_fleet_v1_PolicyChunk>;
  PublishPolicy(callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientWritableStream<_fleet_v1_PolicyChunk>;
  /**
   * Hands over the policy that a batch made; the only acknowledgement of a batch.
   */
  publishPolicy(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientWritableStream<_fleet_v1_PolicyChunk>;
  publishPolicy(metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientWritableStream<_fleet_v1_PolicyChunk>;
  publishPolicy(options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientWritableStream<_fleet_v1_PolicyChunk>;
  publishPolicy(callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientWritableStream<_fleet_v1_PolicyChunk>;
  
  /**
   * Answers a batch that cannot be trained: policy k is policy k - 1 again.
   */
  SkipStep(argument: _fleet_v1_SkipStepRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientUnaryCall;
  SkipStep(argument: _fleet_v1_SkipStepRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientUnaryCall;
  SkipStep(argument: _fleet_v1_SkipStepRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientUnaryCall;
  SkipStep(argument: _fleet_v1_SkipStepRequest, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientUnaryCall;
  /**
   * Answers a batch that cannot be trained: policy k is policy k - 1 again.
   */
  skipStep(argument: _fleet_v1_SkipStepRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientUnaryCall;
  skipStep(argument: _fleet_v1_SkipStepRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientUnaryCall;
  skipStep(argument: _fleet_v1_SkipStepRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientUnaryCall;
  skipStep(argument: _fleet_v1_SkipStepRequest, callback: grpc.requestCallback<_fleet_v1_Published__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Between an updater and the coordinator. Batch k is trained on policy k - 1 and makes policy k.
 */
export interface TrainerHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Opens a trainer's session and streams batches to it: one in training, one ahead.
   */
  Batches: grpc.handleServerStreamingCall<_fleet_v1_OpenTrainer__Output, _fleet_v1_BatchMessage>;
  
  /**
   * The adapter of a policy, header first, while it is kept: for a trainer without a checkpoint of it.
   */
  FetchPolicy: grpc.handleServerStreamingCall<_fleet_v1_FetchPolicyRequest__Output, _fleet_v1_PolicyChunk>;
  
  /**
   * Hands over the policy that a batch made; the only acknowledgement of a batch.
   */
  PublishPolicy: grpc.handleClientStreamingCall<_fleet_v1_PolicyChunk__Output, _fleet_v1_Published>;
  
  /**
   * Answers a batch that cannot be trained: policy k is policy k - 1 again.
   */
  SkipStep: grpc.handleUnaryCall<_fleet_v1_SkipStepRequest__Output, _fleet_v1_Published>;
  
}

export interface TrainerDefinition extends grpc.ServiceDefinition {
  Batches: MethodDefinition<_fleet_v1_OpenTrainer, _fleet_v1_BatchMessage, _fleet_v1_OpenTrainer__Output, _fleet_v1_BatchMessage__Output>
  FetchPolicy: MethodDefinition<_fleet_v1_FetchPolicyRequest, _fleet_v1_PolicyChunk, _fleet_v1_FetchPolicyRequest__Output, _fleet_v1_PolicyChunk__Output>
  PublishPolicy: MethodDefinition<_fleet_v1_PolicyChunk, _fleet_v1_Published, _fleet_v1_PolicyChunk__Output, _fleet_v1_Published__Output>
  SkipStep: MethodDefinition<_fleet_v1_SkipStepRequest, _fleet_v1_Published, _fleet_v1_SkipStepRequest__Output, _fleet_v1_Published__Output>
}
