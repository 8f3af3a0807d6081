import { StorageFullError } from "./errors.ts";
import type { NatsLink } from "./link.ts";
import { readStorage } from "./storage-report.ts";

const MIB = 2 ** 20;

/**
 * Stores something in a stream; when there is no room, says what is full, where, how full, and what would help.
 *
 * @param what - as it reads after "no room for"
 * @throws {StorageFullError} with that sentence
 */
export async function sayHowFull<T>(
  link: NatsLink,
  what: string,
  stream: string,
  store: () => Promise<T>,
): Promise<T> {
  try {
    return await store();
  } catch (error) {
    if (!(error instanceof StorageFullError)) throw error;
    const why = (await ownLimit(link, stream)) ?? (await serverLimit(link)) ?? "it does not say what is full";
    throw new StorageFullError(`nats-server has no room for ${what}: ${why}`, { cause: error });
  }
}

/** The stream's own limit, where it has one and that is what it has reached. */
async function ownLimit(link: NatsLink, stream: string): Promise<string | null> {
  const info = await link.ask(`stream ${stream}`, () => link.manager.streams.info(stream)).catch(() => null);
  if (info === null || info.config.max_bytes <= 0) return null;
  const { bytes } = info.state;
  const largest = info.config.max_msg_size > 0 ? info.config.max_msg_size : MIB;
  if (bytes + largest < info.config.max_bytes) return null;
  // Only the rollouts get their bound from a run's configuration.
  const raise = stream.startsWith("ROLLOUTS_") ? "storage.rolloutsMiB" : "that";
  return `stream ${stream} holds ${mebibytes(bytes)} of the ${mebibytes(info.config.max_bytes)} MiB that its max_bytes allows: raise ${raise}`;
}

async function serverLimit(link: NatsLink): Promise<string | null> {
  const reports = await readStorage(link).catch(() => []);
  const [fullest] = reports.sort((a, b) => b.usedBytes / b.limitBytes - a.usedBytes / a.limitBytes);
  if (fullest === undefined) return null;
  const { server, folder, usedBytes, limitBytes } = fullest;
  return `${server} holds ${mebibytes(usedBytes)} of the ${mebibytes(limitBytes)} MiB that its max_file_store allows, in ${folder}: make room on that disk or allow more, and start it again`;
}

function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
