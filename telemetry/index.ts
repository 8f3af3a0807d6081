/**
 * What the fleet tells about itself. One logger for every process: one line an event, with run, task and lease as
 * fields, never inside the text.
 *
 * @module
 */

export { createLogger, type Logger, type LoggerOptions } from "./logger.ts";
