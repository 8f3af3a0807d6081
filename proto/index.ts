/**
 * The wire format: `fleet/v1/*.proto`, and the types generated from them (`proto/generate.sh`).
 *
 * A decoded message has the plain name (`Rollout`), what may be given to an encoder is `RolloutInit`.
 * 64-bit integers are numbers, enumerations strings, bytes Buffers.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** Folder that `.proto` imports are relative to. */
export const PROTO_ROOT: string = fileURLToPath(new URL(".", import.meta.url));

/** The files that define the services, relative to {@link PROTO_ROOT}. */
export const PROTO_FILES: readonly string[] = [
  "fleet/v1/collector.proto",
  "fleet/v1/trainer.proto",
  "fleet/v1/fleet.proto",
  "fleet/v1/reward.proto",
];

/** The file of KEDA's service, which has a port of its own; relative to {@link PROTO_ROOT}. */
export const SCALER_PROTO_FILE = "keda/externalscaler.proto";

export type { ProtoGrpcType as CollectorProto } from "./gen/collector.ts";
export type {
  ExternalScalerClient,
  ExternalScalerDefinition,
  ExternalScalerHandlers,
} from "./gen/externalscaler/ExternalScaler.ts";
export type { ScaledObjectRef__Output as ScaledObjectRef } from "./gen/externalscaler/ScaledObjectRef.ts";
export type { ProtoGrpcType as ExternalScalerProto } from "./gen/externalscaler.ts";
export type { BatchEnd as BatchEndInit, BatchEnd__Output as BatchEnd } from "./gen/fleet/v1/BatchEnd.ts";
export type {
  BatchGroup as BatchGroupInit,
  BatchGroup__Output as BatchGroup,
} from "./gen/fleet/v1/BatchGroup.ts";
export type {
  BatchMessage as BatchMessageInit,
  BatchMessage__Output as BatchMessage,
} from "./gen/fleet/v1/BatchMessage.ts";
export type {
  BatchStart as BatchStartInit,
  BatchStart__Output as BatchStart,
} from "./gen/fleet/v1/BatchStart.ts";
export type {
  ChatMessage as ChatMessageInit,
  ChatMessage__Output as ChatMessage,
} from "./gen/fleet/v1/ChatMessage.ts";
export type {
  CollectAnswer as CollectAnswerInit,
  CollectAnswer__Output as CollectAnswer,
} from "./gen/fleet/v1/CollectAnswer.ts";
export type {
  CollectMessage as CollectMessageInit,
  CollectMessage__Output as CollectMessage,
} from "./gen/fleet/v1/CollectMessage.ts";
export type {
  Completion as CompletionInit,
  Completion__Output as Completion,
} from "./gen/fleet/v1/Completion.ts";
export type {
  ConnectAnswer as ConnectAnswerInit,
  ConnectAnswer__Output as ConnectAnswer,
} from "./gen/fleet/v1/ConnectAnswer.ts";
export type {
  ConnectRequest as ConnectRequestInit,
  ConnectRequest__Output as ConnectRequest,
} from "./gen/fleet/v1/ConnectRequest.ts";
export type { ControlClient, ControlDefinition, ControlHandlers } from "./gen/fleet/v1/Control.ts";
export type {
  ControlAnswer as ControlAnswerInit,
  ControlAnswer__Output as ControlAnswer,
} from "./gen/fleet/v1/ControlAnswer.ts";
export type {
  ControlRequest as ControlRequestInit,
  ControlRequest__Output as ControlRequest,
} from "./gen/fleet/v1/ControlRequest.ts";
export type {
  FailedSample as FailedSampleInit,
  FailedSample__Output as FailedSample,
} from "./gen/fleet/v1/FailedSample.ts";
export type {
  FetchPolicyRequest as FetchPolicyRequestInit,
  FetchPolicyRequest__Output as FetchPolicyRequest,
} from "./gen/fleet/v1/FetchPolicyRequest.ts";
export type {
  FinishedSample as FinishedSampleInit,
  FinishedSample__Output as FinishedSample,
} from "./gen/fleet/v1/FinishedSample.ts";
export type { FinishReason__Output as FinishReason } from "./gen/fleet/v1/FinishReason.ts";
export type { FleetClient, FleetDefinition, FleetHandlers } from "./gen/fleet/v1/Fleet.ts";
export type { Granted as GrantedInit, Granted__Output as Granted } from "./gen/fleet/v1/Granted.ts";
export type { Heartbeat as HeartbeatInit, Heartbeat__Output as Heartbeat } from "./gen/fleet/v1/Heartbeat.ts";
export type {
  HeartbeatAnswer as HeartbeatAnswerInit,
  HeartbeatAnswer__Output as HeartbeatAnswer,
} from "./gen/fleet/v1/HeartbeatAnswer.ts";
export type { Held as HeldInit, Held__Output as Held } from "./gen/fleet/v1/Held.ts";
export type {
  LaneBalance as LaneBalanceInit,
  LaneBalance__Output as LaneBalance,
} from "./gen/fleet/v1/LaneBalance.ts";
export type {
  LeaseAnswer as LeaseAnswerInit,
  LeaseAnswer__Output as LeaseAnswer,
} from "./gen/fleet/v1/LeaseAnswer.ts";
export type {
  LeaseRequest as LeaseRequestInit,
  LeaseRequest__Output as LeaseRequest,
} from "./gen/fleet/v1/LeaseRequest.ts";
export type {
  MissingSample as MissingSampleInit,
  MissingSample__Output as MissingSample,
} from "./gen/fleet/v1/MissingSample.ts";
export type { Opened as OpenedInit, Opened__Output as Opened } from "./gen/fleet/v1/Opened.ts";
export type {
  OpenTrainer as OpenTrainerInit,
  OpenTrainer__Output as OpenTrainer,
} from "./gen/fleet/v1/OpenTrainer.ts";
export type {
  OracleFile as OracleFileInit,
  OracleFile__Output as OracleFile,
} from "./gen/fleet/v1/OracleFile.ts";
export type {
  PartialSample as PartialSampleInit,
  PartialSample__Output as PartialSample,
} from "./gen/fleet/v1/PartialSample.ts";
export type {
  PolicyChunk as PolicyChunkInit,
  PolicyChunk__Output as PolicyChunk,
} from "./gen/fleet/v1/PolicyChunk.ts";
export type {
  PolicyHeader as PolicyHeaderInit,
  PolicyHeader__Output as PolicyHeader,
} from "./gen/fleet/v1/PolicyHeader.ts";
export type { PolicyRef as PolicyRefInit, PolicyRef__Output as PolicyRef } from "./gen/fleet/v1/PolicyRef.ts";
export type {
  PoolReport as PoolReportInit,
  PoolReport__Output as PoolReport,
} from "./gen/fleet/v1/PoolReport.ts";
export type {
  PoolScaling as PoolScalingInit,
  PoolScaling__Output as PoolScaling,
} from "./gen/fleet/v1/PoolScaling.ts";
export type { Published as PublishedInit, Published__Output as Published } from "./gen/fleet/v1/Published.ts";
export type { Reference as ReferenceInit, Reference__Output as Reference } from "./gen/fleet/v1/Reference.ts";
export type { Release as ReleaseInit, Release__Output as Release } from "./gen/fleet/v1/Release.ts";
export type {
  ReleaseAnswer as ReleaseAnswerInit,
  ReleaseAnswer__Output as ReleaseAnswer,
} from "./gen/fleet/v1/ReleaseAnswer.ts";
export type { Reward as RewardInit, Reward__Output as Reward } from "./gen/fleet/v1/Reward.ts";
export type {
  RewardComponent as RewardComponentInit,
  RewardComponent__Output as RewardComponent,
} from "./gen/fleet/v1/RewardComponent.ts";
export type { RewarderClient, RewarderDefinition, RewarderHandlers } from "./gen/fleet/v1/Rewarder.ts";
export type {
  RewardSettings as RewardSettingsInit,
  RewardSettings__Output as RewardSettings,
} from "./gen/fleet/v1/RewardSettings.ts";
export type { Rewind as RewindInit, Rewind__Output as Rewind } from "./gen/fleet/v1/Rewind.ts";
export type {
  RollbackRequest as RollbackRequestInit,
  RollbackRequest__Output as RollbackRequest,
} from "./gen/fleet/v1/RollbackRequest.ts";
export type { Rollout as RolloutInit, Rollout__Output as Rollout } from "./gen/fleet/v1/Rollout.ts";
export type {
  RolloutCollectorClient,
  RolloutCollectorDefinition,
  RolloutCollectorHandlers,
} from "./gen/fleet/v1/RolloutCollector.ts";
export type { RunEnd as RunEndInit, RunEnd__Output as RunEnd } from "./gen/fleet/v1/RunEnd.ts";
export type {
  SampleAnswer as SampleAnswerInit,
  SampleAnswer__Output as SampleAnswer,
} from "./gen/fleet/v1/SampleAnswer.ts";
export type { SampleOutcome__Output as SampleOutcome } from "./gen/fleet/v1/SampleOutcome.ts";
export type { Sampling as SamplingInit, Sampling__Output as Sampling } from "./gen/fleet/v1/Sampling.ts";
export type {
  ScalingAnswer as ScalingAnswerInit,
  ScalingAnswer__Output as ScalingAnswer,
} from "./gen/fleet/v1/ScalingAnswer.ts";
export type {
  ScalingRequest as ScalingRequestInit,
  ScalingRequest__Output as ScalingRequest,
} from "./gen/fleet/v1/ScalingRequest.ts";
export type { SetAside as SetAsideInit, SetAside__Output as SetAside } from "./gen/fleet/v1/SetAside.ts";
export type { Settled as SettledInit, Settled__Output as Settled } from "./gen/fleet/v1/Settled.ts";
export type {
  SkipStepRequest as SkipStepRequestInit,
  SkipStepRequest__Output as SkipStepRequest,
} from "./gen/fleet/v1/SkipStepRequest.ts";
export type { Span as SpanInit, Span__Output as Span } from "./gen/fleet/v1/Span.ts";
export type {
  StatusAnswer as StatusAnswerInit,
  StatusAnswer__Output as StatusAnswer,
} from "./gen/fleet/v1/StatusAnswer.ts";
export type {
  StatusRequest as StatusRequestInit,
  StatusRequest__Output as StatusRequest,
} from "./gen/fleet/v1/StatusRequest.ts";
export type {
  StepMetrics as StepMetricsInit,
  StepMetrics__Output as StepMetrics,
} from "./gen/fleet/v1/StepMetrics.ts";
export type {
  StepSummary as StepSummaryInit,
  StepSummary__Output as StepSummary,
} from "./gen/fleet/v1/StepSummary.ts";
export type {
  StopAfterRequest as StopAfterRequestInit,
  StopAfterRequest__Output as StopAfterRequest,
} from "./gen/fleet/v1/StopAfterRequest.ts";
export type { Task as TaskInit, Task__Output as Task } from "./gen/fleet/v1/Task.ts";
export type { Timings as TimingsInit, Timings__Output as Timings } from "./gen/fleet/v1/Timings.ts";
export type { TrainerClient, TrainerDefinition, TrainerHandlers } from "./gen/fleet/v1/Trainer.ts";
export type {
  VariantGap as VariantGapInit,
  VariantGap__Output as VariantGap,
} from "./gen/fleet/v1/VariantGap.ts";
export type { Wait as WaitInit, Wait__Output as Wait } from "./gen/fleet/v1/Wait.ts";
export type {
  WorkerProgress as WorkerProgressInit,
  WorkerProgress__Output as WorkerProgress,
} from "./gen/fleet/v1/WorkerProgress.ts";
export type {
  WorkerStatus as WorkerStatusInit,
  WorkerStatus__Output as WorkerStatus,
} from "./gen/fleet/v1/WorkerStatus.ts";
export type { ProtoGrpcType as FleetProto } from "./gen/fleet.ts";
export type { ProtoGrpcType as RewardProto } from "./gen/reward.ts";
export type { ProtoGrpcType as TrainerProto } from "./gen/trainer.ts";
