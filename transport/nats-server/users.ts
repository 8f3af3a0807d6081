import { randomBytes } from "node:crypto";
import { kvStream, objectStream, runNames } from "../nats/names.ts";

/** A name and a password for nats-server. */
export interface NatsUser {
  readonly user: string;
  readonly password: string;
}

/** The roles that talk to nats-server; updaters, autoscalers and people do not. */
export type NatsRole = "coordinator" | "worker";

/** What a run keeps secret. */
export interface RunSecrets {
  /** Carried by every gRPC call. */
  readonly token: string;
  readonly users: Readonly<Record<NatsRole, NatsUser>>;
}

/** What a user may do, by subject. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Makes a run's secrets: 256 random bits each. */
export function createRunSecrets(): RunSecrets {
  const secret = () => randomBytes(32).toString("base64url");
  return {
    token: secret(),
    users: {
      coordinator: { user: "coordinator", password: secret() },
      worker: { user: "worker", password: secret() },
    },
  };
}

/** Where a user's answers arrive; a prefix of its own, so that no role can listen to another's. */
export function inboxPrefix(user: string): string {
  return `_INBOX_${user}`;
}

/** The subjects that a role needs in a run, and no others. */
export function permissionsOf(role: NatsRole, { user }: NatsUser, run: string): Permissions {
  const subscribe = [`${inboxPrefix(user)}.>`];
  return { subscribe, publish: role === "worker" ? workerSubjects(run) : coordinatorSubjects(run) };
}

/** A worker takes tasks, reads the policy, adapters and instances, and announces itself. */
function workerSubjects(run: string): string[] {
  const { tasks, policy, workers, adapters, instances } = runNames(run);
  return [
    `$JS.API.CONSUMER.INFO.${tasks.stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${tasks.stream}.*`,
    `$JS.ACK.${tasks.stream}.>`,
    `$KV.${workers}.*`,
    `$JS.API.DIRECT.GET.${kvStream(policy)}.>`,
    ...watching(kvStream(policy)),
    ...[adapters, instances].map(objectStream).flatMap(reading),
  ];
}

/** The coordinator makes the run's streams and writes all but presence; nobody may delete or purge the ledger. */
function coordinatorSubjects(run: string): string[] {
  const { ledger, rollouts, tasks, policy, workers, adapters, instances } = runNames(run);
  const stores = [adapters, instances].map(objectStream);
  const streams = [
    ledger.stream,
    rollouts.stream,
    tasks.stream,
    kvStream(policy),
    kvStream(workers),
    ...stores,
  ];
  return [
    ...streams.flatMap((stream) => [`$JS.API.STREAM.CREATE.${stream}`, `$JS.API.STREAM.INFO.${stream}`]),
    ledger.subject,
    ...replaying(ledger.stream),
    rollouts.subject,
    ...replaying(rollouts.stream),
    `$JS.API.DIRECT.GET.${rollouts.stream}`,
    `$JS.API.STREAM.PURGE.${rollouts.stream}`,
    `${tasks.subject}.>`,
    `$JS.API.CONSUMER.CREATE.${tasks.stream}.>`,
    `$JS.API.CONSUMER.INFO.${tasks.stream}.*`,
    `$KV.${policy}.>`,
    `$JS.API.DIRECT.GET.${kvStream(policy)}.>`,
    `$JS.API.DIRECT.GET.${kvStream(workers)}`,
    `$O.${adapters}.>`,
    `$O.${instances}.>`,
    ...stores.flatMap((stream) => [...reading(stream), `$JS.API.STREAM.PURGE.${stream}`]),
  ];
}

/** Following a stream by an ordered push consumer. Without leave to answer flow control, large reads stall for ever. */
function watching(stream: string): string[] {
  return [...consuming(stream), `$JS.FC.${stream}.>`];
}

/** Reading an object store. */
function reading(stream: string): string[] {
  return [`$JS.API.STREAM.MSG.GET.${stream}`, ...watching(stream)];
}

/** Reading a stream in order by a pull consumer. */
function replaying(stream: string): string[] {
  return [...consuming(stream), `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`];
}

/** An ordered consumer is made for one reading, and deleted when it ends or starts over. */
function consuming(stream: string): string[] {
  return [`$JS.API.CONSUMER.CREATE.${stream}.>`, `$JS.API.CONSUMER.DELETE.${stream}.*`];
}
