import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../../core/index.ts";
import type { RunSecrets } from "../../transport/index.ts";

/**
 * Reads a run's secrets from a folder with one file for each, as Kubernetes mounts a Secret: `token`,
 * `coordinator-password`, `worker-password`.
 *
 * @throws {ConfigError} naming the file that is missing or empty
 */
export async function readSecretsFolder(folder: string): Promise<RunSecrets> {
  const [token, coordinator, worker] = await Promise.all([
    readSecret(join(folder, "token")),
    readSecret(join(folder, "coordinator-password")),
    readSecret(join(folder, "worker-password")),
  ]);
  return {
    token,
    users: {
      coordinator: { user: "coordinator", password: coordinator },
      worker: { user: "worker", password: worker },
    },
  };
}

/** A secret that is a file's only content, but for white space around it. @throws {ConfigError} naming the file */
export async function readSecret(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new ConfigError(`${path} cannot be read: name a file that holds the secret and nothing else`, {
      cause,
    });
  });
  const secret = text.trim();
  if (secret === "") throw new ConfigError(`${path} is empty: it must hold the secret`);
  return secret;
}
