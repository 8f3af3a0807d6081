import { randomBytes } from "node:crypto";
import { domainApi, kvStream, objectStream, POLICY_KEY, runNames, underApi } from "../nats/names.ts";

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

/** What the account of the workers takes from the coordinator's, by subject. */
export interface Imports {
  /** Requests with one answer. */
  readonly requests: readonly string[];
  /** Requests with many. */
  readonly streamed: readonly string[];
  /** What is heard of without asking, and under which name. */
  readonly heard: readonly { readonly subject: string; readonly as: string }[];
}

/** Where the coordinator asks each server how its storage is set up; of the system's account, lent to the coordinator's. */
export const SERVER_REPORT = "$SYS.REQ.SERVER.PING.VARZ";

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
  const inbox = `${inboxPrefix(user)}.>`;
  if (role === "coordinator") return { publish: coordinatorSubjects(run), subscribe: [inbox] };
  const { requests, streamed, heard } = workerImports(run);
  return { publish: [...requests, ...streamed], subscribe: [inbox, ...heard.map(({ as }) => as)] };
}

/** What a leaf may send and ask for on behalf of the workers behind it: what they may themselves, in the run's domain. */
export function leafPermissions(run: string, worker: NatsUser): Permissions {
  const { publish, subscribe } = permissionsOf("worker", worker, run);
  return { publish: publish.map((subject) => underApi(domainApi(run), subject)), subscribe };
}

/**
 * A worker takes tasks, reads the policy, adapters and instances, and announces itself. It makes no consumer: whoever
 * makes one says to which subject the server delivers.
 */
export function workerImports(run: string): Imports {
  const { tasks, policy, policyNews, uploadNews, workers, adapters, instances } = runNames(run);
  return {
    requests: [
      `$JS.API.CONSUMER.INFO.${tasks.stream}.*`,
      `$JS.ACK.${tasks.stream}.>`,
      `$KV.${workers}.*`,
      `$JS.API.DIRECT.GET.${kvStream(policy)}.>`,
      ...[adapters, instances].map((bucket) => `$JS.API.DIRECT.GET.${objectStream(bucket)}.>`),
    ],
    streamed: [
      `$JS.API.CONSUMER.MSG.NEXT.${tasks.stream}.*`,
      ...[adapters, instances].map((bucket) => `$JS.API.DIRECT.GET.${objectStream(bucket)}`),
    ],
    heard: [
      { subject: `$KV.${policy}.${POLICY_KEY}`, as: policyNews },
      { subject: uploadNews, as: uploadNews },
    ],
  };
}

/** The coordinator makes the run's streams and writes all but presence; nobody may delete or purge the ledger. */
function coordinatorSubjects(run: string): string[] {
  const { ledger, rollouts, tasks, policy, uploadNews, workers, adapters, instances, snapshots } =
    runNames(run);
  const stores = [adapters, instances, snapshots].map(objectStream);
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
    SERVER_REPORT,
    ledger.subject,
    ...replaying(ledger.stream),
    rollouts.subject,
    ...replaying(rollouts.stream),
    `$JS.API.DIRECT.GET.${rollouts.stream}`,
    `$JS.API.STREAM.PURGE.${rollouts.stream}`,
    `$JS.API.STREAM.MSG.DELETE.${rollouts.stream}`,
    `$JS.API.STREAM.UPDATE.${rollouts.stream}`, // Its bound may change.
    `${tasks.subject}.>`,
    `$JS.API.CONSUMER.CREATE.${tasks.stream}.>`,
    `$JS.API.CONSUMER.INFO.${tasks.stream}.*`,
    `$KV.${policy}.>`,
    `$JS.API.DIRECT.GET.${kvStream(policy)}.>`,
    `$JS.API.DIRECT.GET.${kvStream(workers)}`,
    uploadNews,
    `$O.${adapters}.>`,
    `$O.${instances}.>`,
    `$O.${snapshots}.>`,
    ...stores.flatMap((stream) => [...reading(stream), `$JS.API.STREAM.PURGE.${stream}`]),
  ];
}

/** Reading an object store, and listing what is in it by an ordered push consumer. */
function reading(stream: string): string[] {
  return [
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
    ...consuming(stream),
    `$JS.FC.${stream}.>`, // Without leave to answer flow control, large reads stall for ever.
  ];
}

/** Reading a stream in order by a pull consumer. */
function replaying(stream: string): string[] {
  return [...consuming(stream), `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`];
}

/** An ordered consumer is made for one reading, and deleted when it ends or starts over. */
function consuming(stream: string): string[] {
  return [`$JS.API.CONSUMER.CREATE.${stream}.>`, `$JS.API.CONSUMER.DELETE.${stream}.*`];
}
