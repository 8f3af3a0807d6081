import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { BatchEnd as _fleet_v1_BatchEnd, BatchEnd__Output as _fleet_v1_BatchEnd__Output } from './fleet/v1/BatchEnd.ts';
import type { BatchGroup as _fleet_v1_BatchGroup, BatchGroup__Output as _fleet_v1_BatchGroup__Output } from './fleet/v1/BatchGroup.ts';
import type { BatchMessage as _fleet_v1_BatchMessage, BatchMessage__Output as _fleet_v1_BatchMessage__Output } from './fleet/v1/BatchMessage.ts';
import type { BatchStart as _fleet_v1_BatchStart, BatchStart__Output as _fleet_v1_BatchStart__Output } from './fleet/v1/BatchStart.ts';
import type { ChatMessage as _fleet_v1_ChatMessage, ChatMessage__Output as _fleet_v1_ChatMessage__Output } from './fleet/v1/ChatMessage.ts';
import type { Completion as _fleet_v1_Completion, Completion__Output as _fleet_v1_Completion__Output } from './fleet/v1/Completion.ts';
import type { FetchPolicyRequest as _fleet_v1_FetchPolicyRequest, FetchPolicyRequest__Output as _fleet_v1_FetchPolicyRequest__Output } from './fleet/v1/FetchPolicyRequest.ts';
import type { OpenTrainer as _fleet_v1_OpenTrainer, OpenTrainer__Output as _fleet_v1_OpenTrainer__Output } from './fleet/v1/OpenTrainer.ts';
import type { Opened as _fleet_v1_Opened, Opened__Output as _fleet_v1_Opened__Output } from './fleet/v1/Opened.ts';
import type { OracleFile as _fleet_v1_OracleFile, OracleFile__Output as _fleet_v1_OracleFile__Output } from './fleet/v1/OracleFile.ts';
import type { PolicyChunk as _fleet_v1_PolicyChunk, PolicyChunk__Output as _fleet_v1_PolicyChunk__Output } from './fleet/v1/PolicyChunk.ts';
import type { PolicyHeader as _fleet_v1_PolicyHeader, PolicyHeader__Output as _fleet_v1_PolicyHeader__Output } from './fleet/v1/PolicyHeader.ts';
import type { PolicyRef as _fleet_v1_PolicyRef, PolicyRef__Output as _fleet_v1_PolicyRef__Output } from './fleet/v1/PolicyRef.ts';
import type { Published as _fleet_v1_Published, Published__Output as _fleet_v1_Published__Output } from './fleet/v1/Published.ts';
import type { Reference as _fleet_v1_Reference, Reference__Output as _fleet_v1_Reference__Output } from './fleet/v1/Reference.ts';
import type { Reward as _fleet_v1_Reward, Reward__Output as _fleet_v1_Reward__Output } from './fleet/v1/Reward.ts';
import type { RewardComponent as _fleet_v1_RewardComponent, RewardComponent__Output as _fleet_v1_RewardComponent__Output } from './fleet/v1/RewardComponent.ts';
import type { RewardSettings as _fleet_v1_RewardSettings, RewardSettings__Output as _fleet_v1_RewardSettings__Output } from './fleet/v1/RewardSettings.ts';
import type { Rewind as _fleet_v1_Rewind, Rewind__Output as _fleet_v1_Rewind__Output } from './fleet/v1/Rewind.ts';
import type { Rollout as _fleet_v1_Rollout, Rollout__Output as _fleet_v1_Rollout__Output } from './fleet/v1/Rollout.ts';
import type { RunEnd as _fleet_v1_RunEnd, RunEnd__Output as _fleet_v1_RunEnd__Output } from './fleet/v1/RunEnd.ts';
import type { Sampling as _fleet_v1_Sampling, Sampling__Output as _fleet_v1_Sampling__Output } from './fleet/v1/Sampling.ts';
import type { SkipStepRequest as _fleet_v1_SkipStepRequest, SkipStepRequest__Output as _fleet_v1_SkipStepRequest__Output } from './fleet/v1/SkipStepRequest.ts';
import type { Span as _fleet_v1_Span, Span__Output as _fleet_v1_Span__Output } from './fleet/v1/Span.ts';
import type { StepMetrics as _fleet_v1_StepMetrics, StepMetrics__Output as _fleet_v1_StepMetrics__Output } from './fleet/v1/StepMetrics.ts';
import type { Task as _fleet_v1_Task, Task__Output as _fleet_v1_Task__Output } from './fleet/v1/Task.ts';
import type { Timings as _fleet_v1_Timings, Timings__Output as _fleet_v1_Timings__Output } from './fleet/v1/Timings.ts';
import type { TrainerClient as _fleet_v1_TrainerClient, TrainerDefinition as _fleet_v1_TrainerDefinition } from './fleet/v1/Trainer.ts';
import type { VariantGap as _fleet_v1_VariantGap, VariantGap__Output as _fleet_v1_VariantGap__Output } from './fleet/v1/VariantGap.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  fleet: {
    v1: {
      BatchEnd: MessageTypeDefinition<_fleet_v1_BatchEnd, _fleet_v1_BatchEnd__Output>
      BatchGroup: MessageTypeDefinition<_fleet_v1_BatchGroup, _fleet_v1_BatchGroup__Output>
      BatchMessage: MessageTypeDefinition<_fleet_v1_BatchMessage, _fleet_v1_BatchMessage__Output>
      BatchStart: MessageTypeDefinition<_fleet_v1_BatchStart, _fleet_v1_BatchStart__Output>
      ChatMessage: MessageTypeDefinition<_fleet_v1_ChatMessage, _fleet_v1_ChatMessage__Output>
      Completion: MessageTypeDefinition<_fleet_v1_Completion, _fleet_v1_Completion__Output>
      FetchPolicyRequest: MessageTypeDefinition<_fleet_v1_FetchPolicyRequest, _fleet_v1_FetchPolicyRequest__Output>
      FinishReason: EnumTypeDefinition
      OpenTrainer: MessageTypeDefinition<_fleet_v1_OpenTrainer, _fleet_v1_OpenTrainer__Output>
      Opened: MessageTypeDefinition<_fleet_v1_Opened, _fleet_v1_Opened__Output>
      OracleFile: MessageTypeDefinition<_fleet_v1_OracleFile, _fleet_v1_OracleFile__Output>
      PolicyChunk: MessageTypeDefinition<_fleet_v1_PolicyChunk, _fleet_v1_PolicyChunk__Output>
      PolicyHeader: MessageTypeDefinition<_fleet_v1_PolicyHeader, _fleet_v1_PolicyHeader__Output>
      PolicyRef: MessageTypeDefinition<_fleet_v1_PolicyRef, _fleet_v1_PolicyRef__Output>
      Published: MessageTypeDefinition<_fleet_v1_Published, _fleet_v1_Published__Output>
      Reference: MessageTypeDefinition<_fleet_v1_Reference, _fleet_v1_Reference__Output>
      Reward: MessageTypeDefinition<_fleet_v1_Reward, _fleet_v1_Reward__Output>
      RewardComponent: MessageTypeDefinition<_fleet_v1_RewardComponent, _fleet_v1_RewardComponent__Output>
      RewardSettings: MessageTypeDefinition<_fleet_v1_RewardSettings, _fleet_v1_RewardSettings__Output>
      Rewind: MessageTypeDefinition<_fleet_v1_Rewind, _fleet_v1_Rewind__Output>
      Rollout: MessageTypeDefinition<_fleet_v1_Rollout, _fleet_v1_Rollout__Output>
      RunEnd: MessageTypeDefinition<_fleet_v1_RunEnd, _fleet_v1_RunEnd__Output>
      Sampling: MessageTypeDefinition<_fleet_v1_Sampling, _fleet_v1_Sampling__Output>
      SkipStepRequest: MessageTypeDefinition<_fleet_v1_SkipStepRequest, _fleet_v1_SkipStepRequest__Output>
      Span: MessageTypeDefinition<_fleet_v1_Span, _fleet_v1_Span__Output>
      StepMetrics: MessageTypeDefinition<_fleet_v1_StepMetrics, _fleet_v1_StepMetrics__Output>
      Task: MessageTypeDefinition<_fleet_v1_Task, _fleet_v1_Task__Output>
      Timings: MessageTypeDefinition<_fleet_v1_Timings, _fleet_v1_Timings__Output>
      /**
       * Between an updater and the coordinator. Batch k is trained on policy k - 1 and makes policy k.
       */
      Trainer: SubtypeConstructor<typeof grpc.Client, _fleet_v1_TrainerClient> & { service: _fleet_v1_TrainerDefinition }
      VariantGap: MessageTypeDefinition<_fleet_v1_VariantGap, _fleet_v1_VariantGap__Output>
    }
  }
}

