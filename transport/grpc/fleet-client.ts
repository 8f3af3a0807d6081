import { withDeadline } from "../../core/index.ts";
import type {
  BatchMessage,
  ConnectAnswer,
  ControlAnswer,
  FetchPolicyRequestInit,
  LeaseAnswer,
  LeaseRequestInit,
  OpenTrainerInit,
  PolicyHeaderInit,
  Published,
  RollbackRequestInit,
  ScalingAnswer,
  ScalingRequestInit,
  SkipStepRequestInit,
  StatusAnswer,
} from "../../proto/index.ts";
import { wireServices } from "../codec/schema.ts";
import type { ClientTls } from "../tls/tls.ts";
import { type CallOptions, openCalls } from "./calls.ts";
import { PROTOCOL } from "./channel.ts";
import { type CollectStream, createCollectStream } from "./collect-stream.ts";
import { HEALTH_CHECK } from "./health-check.ts";
import { policyChunks, readPolicy } from "./policy-upload.ts";

const ASK_DEADLINE_MS = 10_000;
/** A coordinator that starts again first replays its ledger. */
const CONNECT_DEADLINE_MS = 30_000;
/** An adapter of 168 MB at 10 Mbit/s takes 135 s. */
const PUBLISH_DEADLINE_MS = 600_000;

/** What who joins may add. */
export interface ConnectOptions extends CallOptions {
  /** What the caller's base is like apart from the numbers; an updater says it. */
  readonly layout?: string;
}

/**
 * A connection to a coordinator. Dialled at the first call and again whenever it is lost; calls wait for it until their
 * deadline. Every failure is a FleetError: one that the coordinator raised keeps its code and disposition.
 */
export interface FleetClient extends AsyncDisposable {
  /** Joins the run. */
  connect(role: "worker" | "updater" | "cli", options?: ConnectOptions): Promise<ConnectAnswer>;
  /** What its gRPC health service says of the coordinator: "SERVING" while it takes calls. */
  health(options?: CallOptions): Promise<string>;
  status(options?: CallOptions): Promise<StatusAnswer>;
  /** How many workers each pool is to have. */
  scaling(request: ScalingRequestInit, options?: CallOptions): Promise<ScalingAnswer>;
  pause(options?: CallOptions): Promise<ControlAnswer>;
  unpause(options?: CallOptions): Promise<ControlAnswer>;
  stopAfter(step: number, options?: CallOptions): Promise<ControlAnswer>;
  /** Goes back to an older policy. */
  rollback(request: RollbackRequestInit, options?: CallOptions): Promise<ControlAnswer>;
  /** Asks for the right to work on a task. */
  lease(request: LeaseRequestInit, options?: CallOptions): Promise<LeaseAnswer>;
  /** Opens the stream for samples, heartbeats and releases. */
  collect(): CollectStream;
  /** Opens a trainer's session. The next message is fetched when the loop asks for it; leaving the loop ends the session. */
  batches(open: OpenTrainerInit, options?: CallOptions): AsyncIterable<BatchMessage>;
  /** Hands over a policy; `header.size` is filled in here. */
  publishPolicy(header: PolicyHeaderInit, adapter: Uint8Array, options?: CallOptions): Promise<Published>;
  skipStep(request: SkipStepRequestInit, options?: CallOptions): Promise<Published>;
  /** The adapter of a policy, whole: its size and SHA-256 are those of its header. */
  fetchPolicy(request: FetchPolicyRequestInit, options?: CallOptions): Promise<Uint8Array>;
}

/**
 * Opens a client. Nothing is dialled before the first call.
 *
 * @param options.address - `host:port` of the coordinator
 * @param options.token - the run's token
 * @param options.tls - null or left out: plain text
 * @param options.name - who is calling, for the coordinator's status
 */
export function openFleetClient(options: {
  readonly address: string;
  readonly token: string;
  readonly tls?: ClientTls | null;
  readonly name: string;
}): FleetClient {
  const calls = openCalls(options.address, options.token, options.tls ?? null);
  const { fleet, control, collector, trainer } = wireServices();

  return {
    connect: (role, { layout = "", ...callOptions } = {}) =>
      calls.unary(
        fleet.Connect,
        { protocol: PROTOCOL, role, name: options.name, layout },
        "leave to join the run",
        CONNECT_DEADLINE_MS,
        callOptions,
      ),
    health: async (callOptions) => {
      const asked = { service: "" };
      const name = "the coordinator's health";
      return (await calls.unary(HEALTH_CHECK, asked, name, CONNECT_DEADLINE_MS, callOptions)).status;
    },
    scaling: (request, callOptions) =>
      calls.unary(fleet.Scaling, request, "the size of the pools", ASK_DEADLINE_MS, callOptions),
    status: (callOptions) => calls.unary(fleet.Status, {}, "the run's status", ASK_DEADLINE_MS, callOptions),
    pause: (callOptions) => calls.unary(control.Pause, {}, "the run to pause", ASK_DEADLINE_MS, callOptions),
    unpause: (callOptions) =>
      calls.unary(control.Unpause, {}, "the run to go on", ASK_DEADLINE_MS, callOptions),
    rollback: (request, callOptions) =>
      calls.unary(control.Rollback, request, "the run to go back", ASK_DEADLINE_MS, callOptions),
    stopAfter: (step, callOptions) =>
      calls.unary(control.StopAfter, { step }, "the run to plan its end", ASK_DEADLINE_MS, callOptions),
    lease: (request, callOptions) =>
      calls.unary(
        collector.Lease,
        request,
        `a lease of task ${request.task ?? ""}`,
        ASK_DEADLINE_MS,
        callOptions,
      ),
    collect: () =>
      createCollectStream(calls.bidirectional(collector.Collect), calls.named("the collect stream", 0)),
    batches: (open, callOptions) =>
      calls.serverStream(trainer.Batches, open, "the stream of batches", callOptions),
    publishPolicy: (header, adapter, callOptions) =>
      calls.clientStream(
        trainer.PublishPolicy,
        policyChunks(header, adapter),
        `policy ${header.step ?? 0} to be taken over`,
        PUBLISH_DEADLINE_MS,
        callOptions,
      ),
    skipStep: (request, callOptions) =>
      calls.unary(
        trainer.SkipStep,
        request,
        `step ${request.step ?? 0} to be skipped`,
        ASK_DEADLINE_MS,
        callOptions,
      ),
    fetchPolicy: async (request, callOptions) => {
      const name = `the adapter of policy ${request.version ?? 0}`;
      const chunks = calls.serverStream(trainer.FetchPolicy, request, name, callOptions);
      return await withDeadline(name, PUBLISH_DEADLINE_MS, readPolicy(chunks));
    },
    [Symbol.asyncDispose]: () => calls[Symbol.asyncDispose](),
  };
}
