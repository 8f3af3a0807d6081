import type { ConnectAnswer } from "../proto/index.ts";
import type { Logger } from "../telemetry/index.ts";
import {
  BASE_VARIANT,
  type ClientTls,
  createPresence,
  decodeReference,
  openAdapterStore,
  openInstanceStore,
  openNats,
  openPolicyPointer,
  openTaskQueue,
} from "../transport/index.ts";
import { LANES } from "./lanes.ts";
import type { WorkerLinks } from "./links.ts";

/** What a worker has of the run's nats-server. */
export type RunLink = Pick<
  WorkerLinks,
  "pull" | "policies" | "uploads" | "fetchAdapter" | "fetchReference" | "announce"
> &
  AsyncDisposable;

interface RunLinkOptions {
  readonly tls: ClientTls | null;
  readonly domain?: string;
  readonly name: string;
  readonly logger: Logger;
}

/** One request for a task ends after this time, and is made again. */
const PULL_EXPIRES_MS = 30_000;

/**
 * Opens a worker's connection to the run's nats-server, with what the coordinator said at connect.
 *
 * @throws {NatsUnusableError} when nobody answers there, or the user is refused
 */
export async function openRunLink(
  { run, natsUrl, natsUser, natsPassword }: ConnectAnswer,
  { tls, domain, name, logger }: RunLinkOptions,
): Promise<RunLink> {
  await using opening = new AsyncDisposableStack();
  const nats = opening.use(
    await openNats({
      url: natsUrl,
      tls,
      user: natsUser,
      password: natsPassword,
      ...(domain !== undefined && { domain }),
      name,
      onChange: (state) => logger.warn(`connection to nats-server ${state}`),
    }),
  );
  const queue = opening.use(await openTaskQueue(nats, run, { lanes: LANES, variant: BASE_VARIANT }));
  const [policies, adapters, instances] = await Promise.all([
    openPolicyPointer(nats, run),
    openAdapterStore(nats, run),
    openInstanceStore(nats, run),
  ]);
  const presence = createPresence(nats, run);
  const open = opening.move();

  return {
    pull: (signal) => queue.pull(PULL_EXPIRES_MS, signal),
    policies,
    uploads: adapters,
    fetchAdapter: adapters.read,
    fetchReference: async (digest) => decodeReference(await instances.get(digest)),
    announce: presence.announce,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
