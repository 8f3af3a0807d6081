export { type KeptNatsServer, keepNatsServer } from "./kept-nats.ts";
export type { RoleMessage } from "./role-process.ts";
export { type RunSignals, type RunView, runLocally } from "./run-locally.ts";
export { createSecrets, readSecrets } from "./secrets.ts";
export { clientTls, serverTls } from "./tls.ts";
