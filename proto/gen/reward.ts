import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { RewarderClient as _fleet_v1_RewarderClient, RewarderDefinition as _fleet_v1_RewarderDefinition } from './fleet/v1/Rewarder.ts';
import type { ScoreAnswer as _fleet_v1_ScoreAnswer, ScoreAnswer__Output as _fleet_v1_ScoreAnswer__Output } from './fleet/v1/ScoreAnswer.ts';
import type { ScoreRequest as _fleet_v1_ScoreRequest, ScoreRequest__Output as _fleet_v1_ScoreRequest__Output } from './fleet/v1/ScoreRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  fleet: {
    v1: {
      /**
       * A reward of somebody's own, as a service. Whoever serves it decides what a reply is worth; workers call it.
       */
      Rewarder: SubtypeConstructor<typeof grpc.Client, _fleet_v1_RewarderClient> & { service: _fleet_v1_RewarderDefinition }
      ScoreAnswer: MessageTypeDefinition<_fleet_v1_ScoreAnswer, _fleet_v1_ScoreAnswer__Output>
      ScoreRequest: MessageTypeDefinition<_fleet_v1_ScoreRequest, _fleet_v1_ScoreRequest__Output>
    }
  }
}

