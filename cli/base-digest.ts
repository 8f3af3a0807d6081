import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { writeFileDurably } from "../core/index.ts";
import type { RunFolder } from "./run-folder.ts";

const Known = z.strictObject({
  gguf: z.string(),
  sizeBytes: z.int(),
  modifiedMs: z.number(),
  inode: z.int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * SHA-256 of the training base, in hex. Reading all of a large model takes longer than a coordinator may take to start,
 * so what was read is kept in the run's folder, and holds for as long as the file is the same. Workers and the updater,
 * which use the file, read it themselves.
 */
export async function readBaseDigest(folder: RunFolder, gguf: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(gguf).catch(() => ({ size: -1, mtimeMs: -1, ino: -1 }));
  const file = { gguf, sizeBytes: size, modifiedMs: mtimeMs, inode: ino };
  const known = await readKnown(folder.baseDigest);
  if (known !== null && JSON.stringify({ ...file, sha256: known.sha256 }) === JSON.stringify(known)) {
    return known.sha256;
  }
  const { readModelInfo } = await import("../llama/index.ts");
  const { digest: sha256 } = await readModelInfo(gguf);
  await writeFileDurably(folder.baseDigest, `${JSON.stringify({ ...file, sha256 }, null, 2)}\n`);
  return sha256;
}

/** Null where nothing is kept, or not as it was written: then it is read and written anew. */
async function readKnown(path: string): Promise<z.output<typeof Known> | null> {
  try {
    return Known.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}
