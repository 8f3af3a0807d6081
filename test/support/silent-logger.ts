import { createLogger, type Logger } from "../../telemetry/index.ts";

/** A logger that writes nothing. */
export const silentLogger: Logger = createLogger({
  role: "test",
  level: "silent",
  destination: "stderr",
  pretty: false,
});
