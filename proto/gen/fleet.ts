import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { ConnectAnswer as _fleet_v1_ConnectAnswer, ConnectAnswer__Output as _fleet_v1_ConnectAnswer__Output } from './fleet/v1/ConnectAnswer.ts';
import type { ConnectRequest as _fleet_v1_ConnectRequest, ConnectRequest__Output as _fleet_v1_ConnectRequest__Output } from './fleet/v1/ConnectRequest.ts';
import type { ControlClient as _fleet_v1_ControlClient, ControlDefinition as _fleet_v1_ControlDefinition } from './fleet/v1/Control.ts';
import type { ControlAnswer as _fleet_v1_ControlAnswer, ControlAnswer__Output as _fleet_v1_ControlAnswer__Output } from './fleet/v1/ControlAnswer.ts';
import type { ControlRequest as _fleet_v1_ControlRequest, ControlRequest__Output as _fleet_v1_ControlRequest__Output } from './fleet/v1/ControlRequest.ts';
import type { FleetClient as _fleet_v1_FleetClient, FleetDefinition as _fleet_v1_FleetDefinition } from './fleet/v1/Fleet.ts';
import type { LaneBalance as _fleet_v1_LaneBalance, LaneBalance__Output as _fleet_v1_LaneBalance__Output } from './fleet/v1/LaneBalance.ts';
import type { PoolReport as _fleet_v1_PoolReport, PoolReport__Output as _fleet_v1_PoolReport__Output } from './fleet/v1/PoolReport.ts';
import type { PoolScaling as _fleet_v1_PoolScaling, PoolScaling__Output as _fleet_v1_PoolScaling__Output } from './fleet/v1/PoolScaling.ts';
import type { RollbackRequest as _fleet_v1_RollbackRequest, RollbackRequest__Output as _fleet_v1_RollbackRequest__Output } from './fleet/v1/RollbackRequest.ts';
import type { ScalingAnswer as _fleet_v1_ScalingAnswer, ScalingAnswer__Output as _fleet_v1_ScalingAnswer__Output } from './fleet/v1/ScalingAnswer.ts';
import type { ScalingRequest as _fleet_v1_ScalingRequest, ScalingRequest__Output as _fleet_v1_ScalingRequest__Output } from './fleet/v1/ScalingRequest.ts';
import type { SetAside as _fleet_v1_SetAside, SetAside__Output as _fleet_v1_SetAside__Output } from './fleet/v1/SetAside.ts';
import type { StatusAnswer as _fleet_v1_StatusAnswer, StatusAnswer__Output as _fleet_v1_StatusAnswer__Output } from './fleet/v1/StatusAnswer.ts';
import type { StatusRequest as _fleet_v1_StatusRequest, StatusRequest__Output as _fleet_v1_StatusRequest__Output } from './fleet/v1/StatusRequest.ts';
import type { StepSummary as _fleet_v1_StepSummary, StepSummary__Output as _fleet_v1_StepSummary__Output } from './fleet/v1/StepSummary.ts';
import type { StopAfterRequest as _fleet_v1_StopAfterRequest, StopAfterRequest__Output as _fleet_v1_StopAfterRequest__Output } from './fleet/v1/StopAfterRequest.ts';
import type { Wait as _fleet_v1_Wait, Wait__Output as _fleet_v1_Wait__Output } from './fleet/v1/Wait.ts';
import type { WorkerProgress as _fleet_v1_WorkerProgress, WorkerProgress__Output as _fleet_v1_WorkerProgress__Output } from './fleet/v1/WorkerProgress.ts';
import type { WorkerStatus as _fleet_v1_WorkerStatus, WorkerStatus__Output as _fleet_v1_WorkerStatus__Output } from './fleet/v1/WorkerStatus.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  fleet: {
    v1: {
      ConnectAnswer: MessageTypeDefinition<_fleet_v1_ConnectAnswer, _fleet_v1_ConnectAnswer__Output>
      ConnectRequest: MessageTypeDefinition<_fleet_v1_ConnectRequest, _fleet_v1_ConnectRequest__Output>
      /**
       * Steering a run.
       */
      Control: SubtypeConstructor<typeof grpc.Client, _fleet_v1_ControlClient> & { service: _fleet_v1_ControlDefinition }
      ControlAnswer: MessageTypeDefinition<_fleet_v1_ControlAnswer, _fleet_v1_ControlAnswer__Output>
      ControlRequest: MessageTypeDefinition<_fleet_v1_ControlRequest, _fleet_v1_ControlRequest__Output>
      /**
       * Joining a run and looking at it.
       */
      Fleet: SubtypeConstructor<typeof grpc.Client, _fleet_v1_FleetClient> & { service: _fleet_v1_FleetDefinition }
      LaneBalance: MessageTypeDefinition<_fleet_v1_LaneBalance, _fleet_v1_LaneBalance__Output>
      PoolReport: MessageTypeDefinition<_fleet_v1_PoolReport, _fleet_v1_PoolReport__Output>
      PoolScaling: MessageTypeDefinition<_fleet_v1_PoolScaling, _fleet_v1_PoolScaling__Output>
      RollbackRequest: MessageTypeDefinition<_fleet_v1_RollbackRequest, _fleet_v1_RollbackRequest__Output>
      ScalingAnswer: MessageTypeDefinition<_fleet_v1_ScalingAnswer, _fleet_v1_ScalingAnswer__Output>
      ScalingRequest: MessageTypeDefinition<_fleet_v1_ScalingRequest, _fleet_v1_ScalingRequest__Output>
      SetAside: MessageTypeDefinition<_fleet_v1_SetAside, _fleet_v1_SetAside__Output>
      StatusAnswer: MessageTypeDefinition<_fleet_v1_StatusAnswer, _fleet_v1_StatusAnswer__Output>
      StatusRequest: MessageTypeDefinition<_fleet_v1_StatusRequest, _fleet_v1_StatusRequest__Output>
      StepSummary: MessageTypeDefinition<_fleet_v1_StepSummary, _fleet_v1_StepSummary__Output>
      StopAfterRequest: MessageTypeDefinition<_fleet_v1_StopAfterRequest, _fleet_v1_StopAfterRequest__Output>
      Wait: MessageTypeDefinition<_fleet_v1_Wait, _fleet_v1_Wait__Output>
      WorkerProgress: MessageTypeDefinition<_fleet_v1_WorkerProgress, _fleet_v1_WorkerProgress__Output>
      WorkerStatus: MessageTypeDefinition<_fleet_v1_WorkerStatus, _fleet_v1_WorkerStatus__Output>
    }
  }
}

