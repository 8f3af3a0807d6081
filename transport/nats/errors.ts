/**
 * Failures of NATS and JetStream, given their meaning in one place.
 *
 * @module
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";
import { DeadlineError, FleetError } from "../../core/index.ts";

/** How long one question to the server may take. */
export const REQUEST_DEADLINE_MS = 10_000;

/** Another writer appended to the ledger. */
export class WrongLastSequenceError extends FleetError {
  readonly code = "transport.fenced";
  readonly disposition = "fatal";
}

/** nats-server has no room left for what must be stored; it may have some later. */
export class StorageFullError extends FleetError {
  readonly code = "transport.storage_full";
  readonly disposition = "retry";
}

/** A stream, bucket or consumer of the run is not there: it was deleted, or never made. */
export class StreamMissingError extends FleetError {
  readonly code = "transport.stream_missing";
  readonly disposition = "fatal";
}

/** The user may not use the subject. */
export class NotPermittedError extends FleetError {
  readonly code = "transport.not_permitted";
  readonly disposition = "fatal";
}

/** The connection was lost while an answer was awaited: what was asked for may have happened or not. */
export class LinkLostError extends FleetError {
  readonly code = "transport.link_lost";
  readonly disposition = "retry";
}

/** NATS failed in a way that has no name of its own here. */
class NatsFailedError extends FleetError {
  readonly code = "transport.nats_failed";
  readonly disposition = "retry";
}

/** JetStream's error codes; the server's errors.json lists them. */
const CODES = {
  wrongLastSequence: new Set([10071, 10164]),
  storageFull: new Set([10023, 10047, 10077]),
  missing: new Set([10014, 10059]),
} as const;

/**
 * The error that callers know.
 *
 * @param name - what was waited for, as it reads after "waited … for"
 */
export function natsError(name: string, error: unknown, askedMs = REQUEST_DEADLINE_MS): FleetError {
  if (error instanceof FleetError) return error;
  const cause = { cause: error };
  const text = `${name}: ${error instanceof Error ? error.message : String(error)}`;
  if (error instanceof errors.TimeoutError) {
    return new DeadlineError(`waited ${askedMs} ms for ${name}`, cause);
  }
  if (isPermission(error)) return new NotPermittedError(text, cause);
  if (error instanceof JetStreamApiError) return apiError(error, text);
  return new NatsFailedError(text, cause);
}

function apiError(error: JetStreamApiError, text: string): FleetError {
  const cause = { cause: error };
  if (CODES.wrongLastSequence.has(error.code)) return new WrongLastSequenceError(text, cause);
  if (CODES.storageFull.has(error.code)) return new StorageFullError(text, cause);
  if (CODES.missing.has(error.code)) return new StreamMissingError(text, cause);
  return new NatsFailedError(text, cause);
}

function isPermission(error: unknown): boolean {
  if (error instanceof errors.PermissionViolationError) return true;
  return error instanceof Error && error.cause instanceof errors.PermissionViolationError;
}
