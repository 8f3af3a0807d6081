import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

/** The rest is left free: on a disk that is really full, nats-server gives a stream up until it is started again. */
const SHARE = 0.9;

/**
 * How many bytes a store in `folder` may have: what it has, and nine tenths of what is free. nats-server's own default
 * counts free space alone, so that a store of half the disk would be full as soon as it is started again.
 */
export async function roomFor(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.max(1, Math.floor((await bytesIn(folder)) + SHARE * bavail * bsize));
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(({ parentPath, name }) =>
    stat(join(parentPath, name)).then(
      ({ size }) => size,
      () => 0, // Deleted meanwhile.
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
