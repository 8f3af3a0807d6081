import { z } from "zod";
import { FleetError } from "../../core/index.ts";
import { SERVER_REPORT } from "../nats-server/users.ts";
import { natsError } from "./errors.ts";
import type { NatsLink } from "./link.ts";

/** nats-server tells that a message is stored before it is on the disk. */
class StorageNotSynchronousError extends FleetError {
  readonly code = "transport.storage_not_synchronous";
  readonly disposition = "reject";
}

/** How the storage of one server is set up, and how full it is. */
export interface StorageReport {
  readonly server: string;
  readonly folder: string;
  /** Whether a message is on the disk, not only in the page cache, before its sender is told. */
  readonly isSynchronous: boolean;
  readonly usedBytes: number;
  readonly limitBytes: number;
}

const Report = z.object({
  server: z.object({ name: z.string() }),
  data: z.object({
    jetstream: z.object({
      config: z.object({
        max_storage: z.number(),
        store_dir: z.string(),
        sync_always: z.boolean().default(false),
      }),
      stats: z.object({ storage: z.number() }),
    }),
  }),
});

/** The first answer comes at once, the others of a cluster soon after. */
const ANSWER_MS = 2_000;
const SERVERS_AT_MOST = 32;
/** After one answer, the next of a cluster comes within this time. */
const STALL_MS = 300;

/** What each server says of its storage; none when this server does not let the user ask. */
export async function readStorage(link: NatsLink): Promise<StorageReport[]> {
  const reports: StorageReport[] = [];
  const isCluster = link.connection.info?.cluster !== undefined;
  const ask = async () => {
    const answers = await link.connection.requestMany(SERVER_REPORT, "", {
      strategy: isCluster ? "stall" : "count",
      stall: STALL_MS,
      maxWait: ANSWER_MS,
      maxMessages: isCluster ? SERVERS_AT_MOST : 1,
    });
    for await (const answer of answers) {
      const parsed = Report.safeParse(answer.json());
      if (parsed.success) reports.push(reportOf(parsed.data));
    }
  };
  await link.ask("nats-server's report of its storage", ask).catch((error: unknown) => {
    if (natsError("", error).disposition === "fatal") return; // It may not ask.
    if (reports.length === 0 && !link.connection.isClosed()) return; // Nobody answers that question there.
    throw error;
  });
  return reports;
}

/**
 * Checks that what is acknowledged is on the disk.
 *
 * @returns what could not be checked, in one sentence; null when every server was asked
 * @throws {StorageNotSynchronousError} naming the server
 */
export async function assertSynchronous(link: NatsLink): Promise<string | null> {
  const reports = await readStorage(link);
  const lazy = reports.find(({ isSynchronous }) => !isSynchronous);
  if (lazy !== undefined) {
    throw new StorageNotSynchronousError(
      `nats-server ${lazy.server} acknowledges messages before they are on the disk: set "sync_interval: always" in its jetstream section`,
    );
  }
  if (reports.length > 0) return null;
  return 'nats-server does not say whether its storage is synchronous: see that "sync_interval: always" is in its jetstream section, since a power cut would lose acknowledged events else';
}

function reportOf({ server, data }: z.output<typeof Report>): StorageReport {
  const { config, stats } = data.jetstream;
  return {
    server: server.name,
    folder: config.store_dir,
    isSynchronous: config.sync_always,
    usedBytes: stats.storage,
    limitBytes: config.max_storage,
  };
}
