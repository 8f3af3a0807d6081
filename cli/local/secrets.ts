import { readFile } from "node:fs/promises";
import { writeFileDurably } from "../../core/index.ts";
import { createRunSecrets, type RunSecrets } from "../../transport/index.ts";
import { type RunFolder, RunFolderError } from "../run-folder.ts";

/** Makes the run's token and NATS passwords, readable by the owner alone. */
export async function createSecrets(folder: RunFolder): Promise<RunSecrets> {
  const secrets = createRunSecrets();
  await writeFileDurably(folder.secrets, `${JSON.stringify(secrets, null, 2)}\n`, 0o600);
  return secrets;
}

/**
 * Reads what {@link createSecrets} wrote.
 *
 * @throws {RunFolderError} when the file is missing or not readable
 */
export async function readSecrets(folder: RunFolder): Promise<RunSecrets> {
  try {
    return JSON.parse(await readFile(folder.secrets, "utf8")) as RunSecrets;
  } catch (cause) {
    throw new RunFolderError(`the run's secrets cannot be read from ${folder.secrets}`, { cause });
  }
}
