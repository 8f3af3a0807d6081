import type {
  BatchMessageInit,
  CollectAnswerInit,
  CollectMessage,
  ConnectAnswerInit,
  ConnectRequest,
  ControlAnswerInit,
  FetchPolicyRequest,
  LeaseAnswerInit,
  LeaseRequest,
  OpenTrainer,
  PolicyHeader,
  PublishedInit,
  RollbackRequest,
  ScalingAnswerInit,
  ScalingRequest,
  SkipStepRequest,
  StatusAnswerInit,
} from "../../proto/index.ts";

/** What is known of a call beside its message. */
export interface CallContext {
  /** Aborts when the caller is gone or the server is closing: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** W3C trace context of the caller; empty when it sent none. */
  readonly traceparent: string;
}

/** Where a collector's answers go. */
export interface CollectAnswers {
  /**
   * Sends one answer; resolves when there is room for the next. May be called by several at once, in any order.
   *
   * @throws {CancelledError} when the worker is gone
   */
  send(answer: CollectAnswerInit): Promise<void>;
}

/**
 * What a coordinator answers with. Handlers know nothing of gRPC: they take decoded messages and return or throw; a
 * thrown {@link FleetError} reaches the caller with its code, disposition and message.
 */
export interface FleetHandlers {
  /** The protocol number has been checked. */
  connect(request: ConnectRequest, context: CallContext): Promise<ConnectAnswerInit>;
  status(context: CallContext): Promise<StatusAnswerInit>;
  scaling(request: ScalingRequest, context: CallContext): Promise<ScalingAnswerInit>;
  pause(context: CallContext): Promise<ControlAnswerInit>;
  unpause(context: CallContext): Promise<ControlAnswerInit>;
  stopAfter(step: number, context: CallContext): Promise<ControlAnswerInit>;
  rollback(request: RollbackRequest, context: CallContext): Promise<ControlAnswerInit>;
  lease(request: LeaseRequest, context: CallContext): Promise<LeaseAnswerInit>;
  /**
   * Serves one worker's stream. `messages` ends when the worker has no more, is gone, or the server is closing; reading
   * slowly slows the worker down. Resolves once every message that was read has been answered.
   */
  collect(
    messages: AsyncIterable<CollectMessage>,
    answers: CollectAnswers,
    context: CallContext,
  ): Promise<void>;
  /** The stream of one trainer. The next message is asked for once there is room for it; must end when the signal aborts. */
  batches(open: OpenTrainer, context: CallContext): AsyncIterable<BatchMessageInit>;
  /** `adapter` are the bytes as they arrive: of the header's size, or they throw. Their SHA-256 is yet to be compared. */
  publishPolicy(
    header: PolicyHeader,
    adapter: AsyncIterable<Uint8Array>,
    context: CallContext,
  ): Promise<PublishedInit>;
  skipStep(request: SkipStepRequest, context: CallContext): Promise<PublishedInit>;
  /** The adapter of a version, with its SHA-256 in hex. */
  fetchPolicy(
    request: FetchPolicyRequest,
    context: CallContext,
  ): Promise<{ readonly adapter: string; readonly bytes: Uint8Array }>;
}
