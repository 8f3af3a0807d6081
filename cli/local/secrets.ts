import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeFileDurably } from "../../core/index.ts";
import { createRunSecrets, type RunSecrets } from "../../transport/index.ts";
import { type RunFolder, RunFolderError } from "../run-folder.ts";

const User = z.looseObject({ user: z.string(), password: z.string() });
const Secrets: z.ZodType<RunSecrets> = z.looseObject({
  token: z.string(),
  users: z.object({ coordinator: User, worker: User }).catchall(User),
});

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
    return Secrets.parse(JSON.parse(await readFile(folder.secrets, "utf8")));
  } catch (cause) {
    throw new RunFolderError(`the run's secrets cannot be read from ${folder.secrets}`, { cause });
  }
}
