// Starts nats-server's guardian and is gone so many milliseconds later, as by kill -9.
import { fork } from "node:child_process";

const [guardian, binary, config, log, milliseconds] = process.argv.slice(2);
fork(guardian, [binary, config, log], {
  detached: true,
  execArgv: [],
  stdio: ["ignore", "ignore", "ignore", "ipc"],
});
setTimeout(() => process.kill(process.pid, "SIGKILL"), Number(milliseconds));
