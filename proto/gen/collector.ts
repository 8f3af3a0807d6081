import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ChatMessage as _fleet_v1_ChatMessage, ChatMessage__Output as _fleet_v1_ChatMessage__Output } from './fleet/v1/ChatMessage.ts';
import type { CollectAnswer as _fleet_v1_CollectAnswer, CollectAnswer__Output as _fleet_v1_CollectAnswer__Output } from './fleet/v1/CollectAnswer.ts';
import type { CollectMessage as _fleet_v1_CollectMessage, CollectMessage__Output as _fleet_v1_CollectMessage__Output } from './fleet/v1/CollectMessage.ts';
import type { Completion as _fleet_v1_Completion, Completion__Output as _fleet_v1_Completion__Output } from './fleet/v1/Completion.ts';
import type { FailedSample as _fleet_v1_FailedSample, FailedSample__Output as _fleet_v1_FailedSample__Output } from './fleet/v1/FailedSample.ts';
import type { FinishedSample as _fleet_v1_FinishedSample, FinishedSample__Output as _fleet_v1_FinishedSample__Output } from './fleet/v1/FinishedSample.ts';
import type { Granted as _fleet_v1_Granted, Granted__Output as _fleet_v1_Granted__Output } from './fleet/v1/Granted.ts';
import type { Heartbeat as _fleet_v1_Heartbeat, Heartbeat__Output as _fleet_v1_Heartbeat__Output } from './fleet/v1/Heartbeat.ts';
import type { HeartbeatAnswer as _fleet_v1_HeartbeatAnswer, HeartbeatAnswer__Output as _fleet_v1_HeartbeatAnswer__Output } from './fleet/v1/HeartbeatAnswer.ts';
import type { Held as _fleet_v1_Held, Held__Output as _fleet_v1_Held__Output } from './fleet/v1/Held.ts';
import type { LeaseAnswer as _fleet_v1_LeaseAnswer, LeaseAnswer__Output as _fleet_v1_LeaseAnswer__Output } from './fleet/v1/LeaseAnswer.ts';
import type { LeaseRequest as _fleet_v1_LeaseRequest, LeaseRequest__Output as _fleet_v1_LeaseRequest__Output } from './fleet/v1/LeaseRequest.ts';
import type { MissingSample as _fleet_v1_MissingSample, MissingSample__Output as _fleet_v1_MissingSample__Output } from './fleet/v1/MissingSample.ts';
import type { OracleFile as _fleet_v1_OracleFile, OracleFile__Output as _fleet_v1_OracleFile__Output } from './fleet/v1/OracleFile.ts';
import type { PartialSample as _fleet_v1_PartialSample, PartialSample__Output as _fleet_v1_PartialSample__Output } from './fleet/v1/PartialSample.ts';
import type { PolicyRef as _fleet_v1_PolicyRef, PolicyRef__Output as _fleet_v1_PolicyRef__Output } from './fleet/v1/PolicyRef.ts';
import type { Reference as _fleet_v1_Reference, Reference__Output as _fleet_v1_Reference__Output } from './fleet/v1/Reference.ts';
import type { Release as _fleet_v1_Release, Release__Output as _fleet_v1_Release__Output } from './fleet/v1/Release.ts';
import type { ReleaseAnswer as _fleet_v1_ReleaseAnswer, ReleaseAnswer__Output as _fleet_v1_ReleaseAnswer__Output } from './fleet/v1/ReleaseAnswer.ts';
import type { Reward as _fleet_v1_Reward, Reward__Output as _fleet_v1_Reward__Output } from './fleet/v1/Reward.ts';
import type { RewardComponent as _fleet_v1_RewardComponent, RewardComponent__Output as _fleet_v1_RewardComponent__Output } from './fleet/v1/RewardComponent.ts';
import type { RewardSettings as _fleet_v1_RewardSettings, RewardSettings__Output as _fleet_v1_RewardSettings__Output } from './fleet/v1/RewardSettings.ts';
import type { Rollout as _fleet_v1_Rollout, Rollout__Output as _fleet_v1_Rollout__Output } from './fleet/v1/Rollout.ts';
import type { RolloutCollectorClient as _fleet_v1_RolloutCollectorClient, RolloutCollectorDefinition as _fleet_v1_RolloutCollectorDefinition } from './fleet/v1/RolloutCollector.ts';
import type { SampleAnswer as _fleet_v1_SampleAnswer, SampleAnswer__Output as _fleet_v1_SampleAnswer__Output } from './fleet/v1/SampleAnswer.ts';
import type { Sampling as _fleet_v1_Sampling, Sampling__Output as _fleet_v1_Sampling__Output } from './fleet/v1/Sampling.ts';
import type { Settled as _fleet_v1_Settled, Settled__Output as _fleet_v1_Settled__Output } from './fleet/v1/Settled.ts';
import type { Span as _fleet_v1_Span, Span__Output as _fleet_v1_Span__Output } from './fleet/v1/Span.ts';
import type { Task as _fleet_v1_Task, Task__Output as _fleet_v1_Task__Output } from './fleet/v1/Task.ts';
import type { Timings as _fleet_v1_Timings, Timings__Output as _fleet_v1_Timings__Output } from './fleet/v1/Timings.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  fleet: {
    v1: {
      ChatMessage: MessageTypeDefinition<_fleet_v1_ChatMessage, _fleet_v1_ChatMessage__Output>
      CollectAnswer: MessageTypeDefinition<_fleet_v1_CollectAnswer, _fleet_v1_CollectAnswer__Output>
      CollectMessage: MessageTypeDefinition<_fleet_v1_CollectMessage, _fleet_v1_CollectMessage__Output>
      Completion: MessageTypeDefinition<_fleet_v1_Completion, _fleet_v1_Completion__Output>
      FailedSample: MessageTypeDefinition<_fleet_v1_FailedSample, _fleet_v1_FailedSample__Output>
      FinishReason: EnumTypeDefinition
      FinishedSample: MessageTypeDefinition<_fleet_v1_FinishedSample, _fleet_v1_FinishedSample__Output>
      Granted: MessageTypeDefinition<_fleet_v1_Granted, _fleet_v1_Granted__Output>
      Heartbeat: MessageTypeDefinition<_fleet_v1_Heartbeat, _fleet_v1_Heartbeat__Output>
      HeartbeatAnswer: MessageTypeDefinition<_fleet_v1_HeartbeatAnswer, _fleet_v1_HeartbeatAnswer__Output>
      Held: MessageTypeDefinition<_fleet_v1_Held, _fleet_v1_Held__Output>
      LeaseAnswer: MessageTypeDefinition<_fleet_v1_LeaseAnswer, _fleet_v1_LeaseAnswer__Output>
      LeaseRequest: MessageTypeDefinition<_fleet_v1_LeaseRequest, _fleet_v1_LeaseRequest__Output>
      MissingSample: MessageTypeDefinition<_fleet_v1_MissingSample, _fleet_v1_MissingSample__Output>
      OracleFile: MessageTypeDefinition<_fleet_v1_OracleFile, _fleet_v1_OracleFile__Output>
      PartialSample: MessageTypeDefinition<_fleet_v1_PartialSample, _fleet_v1_PartialSample__Output>
      PolicyRef: MessageTypeDefinition<_fleet_v1_PolicyRef, _fleet_v1_PolicyRef__Output>
      Reference: MessageTypeDefinition<_fleet_v1_Reference, _fleet_v1_Reference__Output>
      Release: MessageTypeDefinition<_fleet_v1_Release, _fleet_v1_Release__Output>
      ReleaseAnswer: MessageTypeDefinition<_fleet_v1_ReleaseAnswer, _fleet_v1_ReleaseAnswer__Output>
      Reward: MessageTypeDefinition<_fleet_v1_Reward, _fleet_v1_Reward__Output>
      RewardComponent: MessageTypeDefinition<_fleet_v1_RewardComponent, _fleet_v1_RewardComponent__Output>
      RewardSettings: MessageTypeDefinition<_fleet_v1_RewardSettings, _fleet_v1_RewardSettings__Output>
      Rollout: MessageTypeDefinition<_fleet_v1_Rollout, _fleet_v1_Rollout__Output>
      /**
       * Between workers and the coordinator.
       */
      RolloutCollector: SubtypeConstructor<typeof grpc.Client, _fleet_v1_RolloutCollectorClient> & { service: _fleet_v1_RolloutCollectorDefinition }
      SampleAnswer: MessageTypeDefinition<_fleet_v1_SampleAnswer, _fleet_v1_SampleAnswer__Output>
      SampleOutcome: EnumTypeDefinition
      Sampling: MessageTypeDefinition<_fleet_v1_Sampling, _fleet_v1_Sampling__Output>
      Settled: MessageTypeDefinition<_fleet_v1_Settled, _fleet_v1_Settled__Output>
      Span: MessageTypeDefinition<_fleet_v1_Span, _fleet_v1_Span__Output>
      Task: MessageTypeDefinition<_fleet_v1_Task, _fleet_v1_Task__Output>
      Timings: MessageTypeDefinition<_fleet_v1_Timings, _fleet_v1_Timings__Output>
    }
  }
}

