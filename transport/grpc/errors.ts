/**
 * Failures across gRPC. A {@link FleetError} travels as a status with its code and disposition in the trailing metadata,
 * and is a {@link RemoteError} with the same two on the other side. Nothing else translates between the two.
 *
 * @module
 */
import { Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import {
  CancelledError,
  DeadlineError,
  type Disposition,
  dispositionOf,
  FleetError,
} from "../../core/index.ts";

const CODE_KEY = "fleet-code";
const DISPOSITION_KEY = "fleet-disposition";

const STATUS_OF: Record<Disposition, status> = {
  retry: status.UNAVAILABLE,
  reject: status.INVALID_ARGUMENT,
  cancelled: status.CANCELLED,
  fatal: status.FAILED_PRECONDITION,
};

/** Statuses that gRPC itself answers with when the same call can never succeed. */
const HOPELESS: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.RESOURCE_EXHAUSTED, // A message above the limit.
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
]);

/** The coordinator refused or failed; code, disposition and message are those of the error raised there. */
export class RemoteError extends FleetError {
  readonly code: FleetError["code"];
  readonly disposition: Disposition;

  constructor(message: string, code: FleetError["code"], disposition: Disposition, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.disposition = disposition;
  }
}

/** Nobody answers at the coordinator's address, or the connection was lost. */
export class CoordinatorUnreachableError extends FleetError {
  readonly code = "transport.coordinator_unreachable";
  readonly disposition = "retry";
}

/** The two ends of a link do not fit: another CA, an expired certificate, TLS at one end only. */
export class LinkRefusedError extends FleetError {
  readonly code = "transport.link_refused";
  readonly disposition = "reject";
}

/** A reward that is served elsewhere is not there: no fault of what it was to score. */
export class RewarderAwayError extends FleetError {
  readonly code = "transport.rewarder_away";
  readonly disposition = "retry";
}

/** A reward that is served elsewhere is there, and did not answer in time. */
export class RewarderSilentError extends FleetError {
  readonly code = "transport.rewarder_silent";
  readonly disposition = "retry";
}

/** gRPC failed in a way that has no name of its own here. */
class CallFailedError extends FleetError {
  readonly code = "transport.call_failed";
  readonly disposition: Disposition;

  constructor(message: string, disposition: Disposition, options?: ErrorOptions) {
    super(message, options);
    this.disposition = disposition;
  }
}

/** What a failed handler is answered with. */
export function statusOf(error: unknown): StatusObject {
  const disposition = dispositionOf(error);
  const metadata = new Metadata();
  metadata.set(CODE_KEY, error instanceof FleetError ? error.code : "transport.handler_failed");
  metadata.set(DISPOSITION_KEY, disposition);
  const details = error instanceof Error ? error.message : String(error);
  return { code: STATUS_OF[disposition], details, metadata };
}

/** What a call was, for the message of its failure. */
export interface CallName {
  /** As it reads after "waited … for". */
  readonly name: string;
  /** `host:port` of the coordinator. */
  readonly address: string;
  /** Deadline of the call; 0 when it has none. */
  readonly deadlineMs: number;
}

/** The error that a caller gets to see. */
export function errorOf(failure: unknown, { name, address, deadlineMs }: CallName): FleetError {
  if (failure instanceof FleetError) return failure;
  const { code, details, metadata } = failure as Partial<ServiceError>;
  const remote = remoteError(details ?? "", metadata, failure);
  if (remote !== null) return remote;
  const cause = { cause: failure };
  switch (code) {
    case status.DEADLINE_EXCEEDED:
      return new DeadlineError(`waited ${deadlineMs} ms for ${name} (coordinator at ${address})`, cause);
    case status.CANCELLED:
      return new CancelledError(`stopped waiting for ${name}`, cause);
    case status.UNAVAILABLE:
      return new CoordinatorUnreachableError(`no coordinator answers at ${address}: ${details}`, cause);
    default:
      return new CallFailedError(
        `${name} failed: ${details ?? String(failure)}`,
        code !== undefined && HOPELESS.has(code) ? "reject" : "retry",
        cause,
      );
  }
}

function remoteError(message: string, metadata: Metadata | undefined, cause: unknown): RemoteError | null {
  const code = metadata?.get(CODE_KEY)[0];
  const disposition = metadata?.get(DISPOSITION_KEY)[0];
  if (!isCode(code) || !isDisposition(disposition)) return null;
  return new RemoteError(message, code, disposition, { cause });
}

function isCode(value: unknown): value is FleetError["code"] {
  return typeof value === "string" && value.includes(".");
}

function isDisposition(value: unknown): value is Disposition {
  return typeof value === "string" && Object.hasOwn(STATUS_OF, value);
}
