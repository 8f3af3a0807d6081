import { Server } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { CancelledError, FleetError, pause, withDeadline } from "../../core/index.ts";
import {
  type ExternalScalerDefinition,
  type ExternalScalerHandlers,
  PROTO_ROOT,
  SCALER_PROTO_FILE,
  type ScaledObjectRef,
} from "../../proto/index.ts";
import { CONVERSION } from "../codec/schema.ts";
import type { ServerTls } from "../tls/tls.ts";
import { servingWith } from "./credentials.ts";
import { listenOn } from "./listening.ts";
import type { FleetServer } from "./serve-fleet.ts";
import { createServedCalls } from "./served-calls.ts";

/** A trigger asks for something that is not scaled here. */
class UnknownPoolError extends FleetError {
  readonly code = "transport.unknown_pool";
  readonly disposition = "reject";
}

/** There is no answer yet; KEDA leaves everything as it is and asks again. */
class UndecidedError extends FleetError {
  readonly code = "transport.undecided";
  readonly disposition = "retry";
}

/** What {@link serveExternalScaler} needs. */
export interface ExternalScalerOptions {
  readonly host: string;
  /** 0: one that the system picks. */
  readonly port: number;
  /** Null: plain text. With `clientCa` only those who show a certificate of it are answered. */
  readonly tls: ServerTls | null;
  /** Replicas by pool; null while they are not decided. */
  replicas(): ReadonlyMap<string, number> | null;
}

const LOOK_MS = 500;
const GRACE_MS = 2_000;

/**
 * Serves KEDA's ExternalScaler: the metric of a pool is the number of replicas that it is to have, its target 1. The
 * trigger names the pool as `pool` in its metadata. Answers only; nothing can be changed through it.
 *
 * @throws {CannotListenError | TlsFileError | UnusableCertificateError}
 */
export async function serveExternalScaler(options: ExternalScalerOptions): Promise<FleetServer> {
  const server = new Server();
  const calls = createServedCalls(() => {});
  server.addService(definition(), {
    IsActive: calls.unary(async (object) => ({ result: replicasOf(options, object).replicas > 0 })),
    StreamIsActive: calls.serverStream("whether a pool is to have workers", (object, { signal }) =>
      streamActive(options, object, signal),
    ),
    GetMetricSpec: calls.unary(async (object) => {
      const { metricName } = poolOf(options, object);
      return { metricSpecs: [{ metricName, targetSize: 1, targetSizeFloat: 1 }] };
    }),
    GetMetrics: calls.unary(async ({ scaledObjectRef }) => {
      const { metricName, replicas } = replicasOf(options, scaledObjectRef);
      return { metricValues: [{ metricName, metricValue: replicas, metricValueFloat: replicas }] };
    }),
  } satisfies ExternalScalerHandlers);
  const credentials = await servingWith(options.tls);
  const port = await listenOn(server, credentials, options.host, options.port);
  let closing: Promise<void> | undefined;
  return {
    port,
    [Symbol.asyncDispose]: () => {
      closing ??= close(server, () => calls.abandon(new CancelledError("the coordinator is closing")));
      return closing;
    },
  };
}

/** At once, and whenever it changes; what is undecided is waited for. */
async function* streamActive(
  options: ExternalScalerOptions,
  object: ScaledObjectRef,
  signal: AbortSignal,
): AsyncGenerator<{ result: boolean }> {
  let said: boolean | undefined;
  while (!signal.aborted) {
    if (options.replicas() !== null) {
      const result = replicasOf(options, object).replicas > 0;
      if (result !== said) yield { result };
      said = result;
    }
    await pause(LOOK_MS, signal);
  }
}

function poolOf(
  { replicas }: ExternalScalerOptions,
  object: ScaledObjectRef | null,
): { pool: string; metricName: string } {
  const pool = object?.scalerMetadata["pool"] ?? "";
  const known = replicas();
  if (pool === "" || (known !== null && !known.has(pool))) {
    const named = pool === "" ? "no pool" : `pool "${pool}"`;
    const pools = [...(known?.keys() ?? [])].join(", ");
    throw new UnknownPoolError(
      `the trigger's metadata name ${named}: set "pool" to one of scaling.pools${pools === "" ? "" : ` (${pools})`}`,
    );
  }
  return { pool, metricName: `fleet-replicas-${pool}` };
}

function replicasOf(
  options: ExternalScalerOptions,
  object: ScaledObjectRef | null,
): { readonly metricName: string; readonly replicas: number } {
  const { pool, metricName } = poolOf(options, object);
  const replicas = options.replicas()?.get(pool);
  if (replicas === undefined) throw new UndecidedError("the size of the pools is not decided yet: ask again");
  return { metricName, replicas };
}

function definition(): ExternalScalerDefinition {
  const loaded = loadSync(SCALER_PROTO_FILE, { includeDirs: [PROTO_ROOT], ...CONVERSION });
  // The loader knows names only at run time; the generated types say what is behind each.
  return loaded["externalscaler.ExternalScaler"] as unknown as ExternalScalerDefinition;
}

async function close(server: Server, abandon: () => void): Promise<void> {
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  abandon();
  try {
    await withDeadline("KEDA to go", GRACE_MS, closed);
  } catch {
    server.forceShutdown();
    await closed;
  }
}
