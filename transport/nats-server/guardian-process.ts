/**
 * Runs nats-server and ends it when the process that asked for it is gone, however that went: the channel between the
 * two closes even when the parent was killed. In a session of its own, so that Ctrl-C in a terminal reaches neither
 * before the parent has stopped the rest in order.
 *
 * Arguments: the server's binary, its configuration file, the file for its log.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import type { GuardianMessage } from "./guardian-message.ts";

const KILL_AFTER_MS = 10_000;

const [binary = "", configFile = "", logFile = ""] = process.argv.slice(2);
const log = openSync(logFile, "a");
const server = spawn(binary, ["-c", configFile], { stdio: ["ignore", log, log] });

const tell = (message: GuardianMessage) => {
  if (process.connected) process.send?.(message, () => {}); // Its parent may be gone this instant; the server must not outlive it.
};
const stop = () => {
  server.kill("SIGTERM");
  setTimeout(() => server.kill("SIGKILL"), KILL_AFTER_MS).unref();
};

server.on("spawn", () => tell({ kind: "spawned", pid: server.pid ?? 0 }));
server.on("error", (error) => tell({ kind: "ended", how: error.message }));
server.on("exit", (code, signal) => {
  tell({ kind: "ended", how: signal ?? `exit code ${code}` });
  if (process.connected) process.disconnect();
});
process.on("disconnect", stop);
if (!process.connected) stop(); // It was gone before anybody listened here.
process.on("SIGTERM", stop);
