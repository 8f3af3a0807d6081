/**
 * Engines run in child processes, since a failed assertion of ggml ends its process. This is the plumbing that both
 * engines share: typed calls with deadlines over Node's IPC channel.
 *
 * @module
 */

export { type Child, EngineDiedError, EngineError, openChild } from "./open-child.ts";
export type { Call } from "./protocol.ts";
export { serveParent } from "./serve-parent.ts";
