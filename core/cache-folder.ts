import { homedir } from "node:os";
import { join } from "node:path";

/**
 * A folder for what can be made again: below `XDG_CACHE_HOME`, else below the home folder's `.cache`.
 *
 * @param parts - its name, such as "bin"
 * @param environment - by default this process's
 */
export function cacheFolder(parts: string, environment: Readonly<NodeJS.ProcessEnv> = process.env): string {
  return join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "rollout-fleet", parts);
}
