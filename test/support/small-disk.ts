import { execFile } from "node:child_process";
import { mkdtemp, rm, rmdir, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A file system of its own, in memory, that is soon full; gone when disposed of. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  /** Leaves only so many bytes free. */
  fill(leftBytes: number): Promise<void>;
  /** Takes back what `fill` wrote. */
  clear(): Promise<void>;
}

/** @returns why there is none, where this user may not mount one */
export async function openSmallDisk(mib: number): Promise<SmallDisk | string> {
  const folder = await mkdtemp(join(tmpdir(), "fleet-disk-"));
  const ballast = join(folder, "ballast");
  const refused = await run("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", folder]).then(
    () => null,
    (error: Error) => error.message,
  );
  if (refused !== null) {
    await rmdir(folder);
    return `no small file system can be mounted here: ${refused}`;
  }
  return {
    folder,
    fill: async (leftBytes) => {
      const { bavail, bsize } = await statfs(folder);
      await writeFile(ballast, Buffer.alloc(bavail * bsize - leftBytes));
    },
    clear: () => rm(ballast),
    [Symbol.asyncDispose]: async () => {
      await run("umount", [folder]);
      await rmdir(folder);
    },
  };
}
