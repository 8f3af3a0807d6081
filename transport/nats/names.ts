import { FleetError } from "../../core/index.ts";

/** A name that cannot be part of a subject. */
class UnusableNameError extends FleetError {
  readonly code = "transport.unusable_name";
  readonly disposition = "reject";
}

/** The training base, beside a run's other quantizations of it; and the queue's, out of which all take. */
export const BASE_VARIANT = "base";

/** Where a run's data is in NATS: every name carries the run id, so that runs can share a server. */
export interface RunNames {
  readonly ledger: { readonly stream: string; readonly subject: string };
  readonly rollouts: { readonly stream: string; readonly subject: string };
  /** `subject` is the prefix of a task's own. */
  readonly tasks: { readonly stream: string; readonly subject: string };
  /** KV buckets. */
  readonly policy: string;
  readonly workers: string;
  /** Where workers hear of a new policy: the POLICY bucket's key under a name that a leaf link lets through. */
  readonly policyNews: string;
  /** Where workers hear how an adapter's upload goes. */
  readonly uploadNews: string;
  /** Object stores. */
  readonly adapters: string;
  readonly instances: string;
  readonly snapshots: string;
}

/** @throws {UnusableNameError} when the run id is not `[a-z0-9-]{1,40}` */
export function runNames(run: string): RunNames {
  if (!/^[a-z0-9-]{1,40}$/.test(run)) {
    throw new UnusableNameError(`"${run}" is not a run id: 1 to 40 of a-z, 0-9 and "-" are`);
  }
  return {
    ledger: { stream: `LEDGER_${run}`, subject: `ledger.${run}` },
    rollouts: { stream: `ROLLOUTS_${run}`, subject: `rollouts.${run}` },
    tasks: { stream: `TASKS_${run}`, subject: `tasks.${run}` },
    policy: `POLICY_${run}`,
    workers: `WORKERS_${run}`,
    policyNews: `policy.${run}`,
    uploadNews: `uploads.${run}`,
    adapters: `ADAPTERS_${run}`,
    instances: `INSTANCES_${run}`,
    snapshots: `SNAPSHOTS_${run}`,
  };
}

/** The only key of the POLICY bucket. */
export const POLICY_KEY = "newest";

/** What JetStream's subjects begin with on the server that has it; in a domain seen from a leaf, with {@link domainApi}. */
const API = "$JS.API";

/** What they begin with in a domain. */
export function domainApi(domain: string): string {
  return `$JS.${domain}.API`;
}

/**
 * A subject as it reads under `api`. No leaf link carries those of JetStream and of KV buckets but in their domain's form;
 * acknowledgements and all else are the same everywhere.
 */
export function underApi(api: string, subject: string): string {
  if (api === API) return subject;
  if (subject.startsWith(`${API}.`)) return `${api}${subject.slice(API.length)}`;
  return subject.startsWith("$KV.") ? `${api}.${subject}` : subject;
}

/** The stream behind a KV bucket. */
export function kvStream(bucket: string): string {
  return `KV_${bucket}`;
}

/** The stream behind an object store. */
export function objectStream(bucket: string): string {
  return `OBJ_${bucket}`;
}

/**
 * Where an object store describes the object of a name (ADR-20 of nats-architecture-and-design).
 *
 * @param name - null: of any
 */
export function metaSubject(bucket: string, name: string | null): string {
  const encoded = name === null ? ">" : Buffer.from(name).toString("base64");
  return `$O.${bucket}.M.${encoded.replaceAll("+", "-").replaceAll("/", "_")}`;
}

/**
 * Where an object store keeps the chunks of an upload.
 *
 * @param id - null: of any
 */
export function chunkSubject(bucket: string, id: string | null): string {
  return `$O.${bucket}.C.${id ?? ">"}`;
}

/** The name in a subject that {@link metaSubject} made. */
export function objectNamed(subject: string): string {
  return Buffer.from(subject.slice(subject.lastIndexOf(".") + 1), "base64").toString();
}

/** Which dispatch of which task a message is; all that is needed to ask for a lease. */
export interface TaskAddress {
  readonly lane: string;
  readonly variant: string;
  readonly task: string;
  readonly dispatch: number;
}

/** `tasks.<run>.<lane>.<variant>.<task>.<dispatch>` */
export function taskSubject(run: string, { lane, variant, task, dispatch }: TaskAddress): string {
  return [runNames(run).tasks.subject, ...[lane, variant, task].map(subjectToken), String(dispatch)].join(
    ".",
  );
}

/** The address in a subject that {@link taskSubject} made. */
export function taskAddress(subject: string): TaskAddress {
  const [lane = "", variant = "", task = "", dispatch = ""] = subject.split(".").slice(2);
  return { lane, variant, task, dispatch: Number(dispatch) };
}

/** Name of the consumer of a lane and variant. */
export function taskConsumer(lane: string, variant: string): string {
  return `${subjectToken(lane)}-${subjectToken(variant)}`;
}

/** A name that may stand between two dots of a subject. */
export function subjectToken(name: string): string {
  if (/^[\w-]{1,200}$/.test(name)) return name;
  throw new UnusableNameError(
    `"${name}" cannot be part of a subject: 1 to 200 letters, digits, "_" and "-" can`,
  );
}
