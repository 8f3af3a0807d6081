/**
 * Loaded into every process of Node that a bench starts: an engine's tells its processor seconds when it ends.
 *
 * @module
 */
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const file = process.env["ENGINE_SECONDS"];
const isEngine = /llama\/\w+\/\w+-process\.ts$/.test(process.argv[1] ?? "");

if (file !== undefined && isEngine && isMainThread) {
  process.on("exit", () => {
    const { user, system } = process.cpuUsage();
    appendFileSync(file, `${(user + system) / 1e6}\n`);
  });
}
