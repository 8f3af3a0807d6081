import { logVerbosity, Server, setLogVerbosity } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import { CancelledError, FleetError, withDeadline } from "../../core/index.ts";
import type {
  RolloutCollectorHandlers as CollectorService,
  ControlHandlers as ControlService,
  FleetHandlers as FleetService,
  TrainerHandlers as TrainerService,
} from "../../proto/index.ts";
import { wireServices } from "../codec/schema.ts";
import type { ServerTls } from "../tls/tls.ts";
import { requireToken } from "./authorization.ts";
import { PROTOCOL, SERVER_OPTIONS } from "./channel.ts";
import { servingWith } from "./credentials.ts";
import { widenServedWindows } from "./flow-control.ts";
import type { FleetHandlers } from "./handlers.ts";
import { listenOn } from "./listening.ts";
import { openUpload, policyChunks } from "./policy-upload.ts";
import { createServedCalls, type ServedCalls } from "./served-calls.ts";

/** A peer speaks another version of the protocol. */
class WrongProtocolError extends FleetError {
  readonly code = "transport.wrong_protocol";
  readonly disposition = "reject";
}

/** What {@link serveFleet} needs. */
export interface ServeOptions {
  /** Address to listen on, such as "127.0.0.1". */
  readonly host: string;
  /** 0: one that the system picks. */
  readonly port: number;
  /** The run's token, which every call but health must carry. */
  readonly token: string;
  /** Null or left out: plain text. */
  readonly tls?: ServerTls | null;
  readonly handlers: FleetHandlers;
  /** Told of errors that a handler threw and that are no FleetError. */
  readonly onUnexpected?: (error: unknown) => void;
  /** How long calls being served may take to end at dispose, in milliseconds; then they are cut. Default 5,000. */
  readonly graceMs?: number;
}

/** A coordinator's open port. Disposing of it refuses new calls, ends the streams, and waits until the peers are gone. */
export interface FleetServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves a coordinator's handlers over gRPC, with the health and reflection services beside them.
 *
 * @throws {CannotListenError} when the port is in use or the address is not this machine's
 * @throws {TlsFileError | UnusableCertificateError} naming the file
 */
export async function serveFleet(options: ServeOptions): Promise<FleetServer> {
  const { host, port, token, handlers, onUnexpected = () => {}, graceMs = 5_000 } = options;
  const credentials = await servingWith(options.tls ?? null);
  setLogVerbosity(logVerbosity.NONE); // It prints to the terminal what is thrown here anyway.
  const server = new Server({ ...SERVER_OPTIONS, interceptors: [requireToken(token)] });
  const calls = createServedCalls(onUnexpected);
  const health = new HealthImplementation({ "": "SERVING" });
  addServices(server, handlers, calls);
  health.addToServer(server);
  new ReflectionService(wireServices().definitions).addToServer(server);
  const boundPort = await listenOn(server, credentials, host, port);
  const windows = widenServedWindows();

  let closing: Promise<void> | undefined;
  return {
    port: boundPort,
    [Symbol.asyncDispose]: () => {
      health.setStatus("", "NOT_SERVING");
      closing ??= close(server, calls, graceMs).finally(() => windows[Symbol.dispose]());
      return closing;
    },
  };
}

function addServices(server: Server, handlers: FleetHandlers, calls: ServedCalls): void {
  const services = wireServices();
  server.addService(services.fleet, {
    Connect: calls.unary(async (request, context) => {
      checkProtocol(request.protocol);
      return handlers.connect(request, context);
    }),
    Status: calls.unary((_, context) => handlers.status(context)),
    Scaling: calls.unary((request, context) => handlers.scaling(request, context)),
  } satisfies FleetService);
  server.addService(services.control, {
    Pause: calls.unary((_, context) => handlers.pause(context)),
    Unpause: calls.unary((_, context) => handlers.unpause(context)),
    StopAfter: calls.unary(({ step }, context) => handlers.stopAfter(step, context)),
    Rollback: calls.unary((request, context) => handlers.rollback(request, context)),
  } satisfies ControlService);
  server.addService(services.collector, {
    Lease: calls.unary((request, context) => handlers.lease(request, context)),
    Collect: calls.bidirectional("answers to a worker", (messages, answers, context) =>
      handlers.collect(messages, answers, context),
    ),
  } satisfies CollectorService);
  server.addService(services.trainer, {
    Batches: calls.serverStream("batches to the trainer", (open, context) => handlers.batches(open, context)),
    PublishPolicy: calls.clientStream(async (chunks, context) => {
      const { header, adapter } = await openUpload(chunks);
      return handlers.publishPolicy(header, adapter, context);
    }),
    SkipStep: calls.unary((request, context) => handlers.skipStep(request, context)),
    FetchPolicy: calls.serverStream("a policy to the trainer", async function* (request, context) {
      const { adapter, bytes } = await handlers.fetchPolicy(request, context);
      yield* policyChunks({ run: request.run, step: request.version, adapter }, bytes);
    }),
  } satisfies TrainerService);
}

function checkProtocol(protocol: number): void {
  if (protocol === PROTOCOL) return;
  throw new WrongProtocolError(
    `this coordinator speaks protocol ${PROTOCOL}, the caller ${protocol}: install the same version on both`,
  );
}

async function close(server: Server, calls: ServedCalls, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  calls.abandon(new CancelledError("the coordinator is closing"));
  try {
    await withDeadline("callers to go", graceMs, closed);
  } catch {
    server.forceShutdown();
    await closed;
  }
}
