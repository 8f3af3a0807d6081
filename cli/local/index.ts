export type { Exit, RoleMessage } from "./role-process.ts";
export { runLocally } from "./run-locally.ts";
export { createSecrets, readSecrets } from "./secrets.ts";
