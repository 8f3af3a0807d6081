import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crashPoint } from "./crash-point.ts";

/**
 * Writes a file so that a reader, also after a crash, finds either the old content or all of the new: temporary
 * file beside it → fsync → rename → fsync of the folder.
 *
 * @param mode - permissions of a new file
 */
export async function writeFileDurably(
  path: string,
  content: Uint8Array | string,
  mode = 0o644,
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w", mode);
  try {
    await file.writeFile(content);
    crashPoint("file.after-write");
    await file.sync();
  } finally {
    await file.close();
  }
  crashPoint("file.after-fsync");
  await renameDurably(temporary, path);
}

/** Renames within a folder and makes the new name durable. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  crashPoint("file.after-rename");
  const folder = await open(dirname(to), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
