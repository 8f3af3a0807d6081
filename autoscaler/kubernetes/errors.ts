import { ApiException } from "@kubernetes/client-node";
import { type Disposition, FleetError } from "../../core/index.ts";

/** Kubernetes refused, or did not answer. */
export class KubernetesError extends FleetError {
  readonly code = "autoscaler.kubernetes";
  override readonly disposition: Disposition;

  constructor(message: string, disposition: Disposition, options: ErrorOptions) {
    super(message, options);
    this.disposition = disposition;
  }
}

/** There is no cluster that can be spoken to. */
export class KubernetesUnusableError extends FleetError {
  readonly code = "autoscaler.no_cluster";
  readonly disposition = "reject";
}

/** Somebody else wrote the Lease since it was read. */
export class LeaseTakenError extends FleetError {
  readonly code = "autoscaler.lease_taken";
  readonly disposition = "retry";
}

/** The HTTP status of an answer that was an error; null for everything else that can go wrong. */
export function httpStatusOf(error: unknown): number | null {
  return error instanceof ApiException ? error.code : null;
}

/** Asks Kubernetes, and says in one sentence what went wrong. @param what - as it reads after "cannot " */
export async function asking<T>(what: string, work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    const status = httpStatusOf(cause);
    const disposition = status === 403 || status === 401 || status === 422 ? "reject" : "retry";
    throw new KubernetesError(`cannot ${what}: ${reasonOf(cause, status)}`, disposition, { cause });
  });
}

function reasonOf(cause: unknown, status: number | null): string {
  if (status === null) return innermost(cause);
  const { body } = cause as ApiException<unknown>;
  return `Kubernetes answers ${status}: ${messageOf(body)}`;
}

function messageOf(body: unknown): string {
  try {
    const status: unknown = typeof body === "string" ? JSON.parse(body) : body;
    if (typeof status === "object" && status !== null && "message" in status) return String(status.message);
  } catch {
    // Not of the API server: a proxy, for one.
  }
  return typeof body === "string" ? body.slice(0, 200) : "no message";
}

function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? innermost(error.cause) : error.message;
}
