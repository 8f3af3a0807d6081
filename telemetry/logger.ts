import { type DestinationStream, pino, stdSerializers } from "pino";
import { type Clock, systemClock } from "../core/index.ts";
import { prettyLine } from "./pretty.ts";
import { createRepeats } from "./repeats.ts";

/**
 * - `error`: somebody must act, or work is lost.
 * - `warn`: handled, yet not as it should be: a retry, a refusal, a slow peer.
 * - `info`: the life of the process and of the run; a few lines a minute.
 * - `debug`: the life of each task.
 */
type LogLevel = "error" | "warn" | "info" | "debug" | "silent";

/** What an event is about: ids, counts, durations with their unit in the name; an error as `error`. */
type LogFields = Readonly<Record<string, unknown>>;

/**
 * Writes events. The text of an event is constant ("lease lost"), what varies is in the fields, so that lines
 * can be counted and searched by either.
 */
export interface Logger {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every event. */
  child(fields: LogFields): Logger;
}

/** How a process logs. */
export interface LoggerOptions {
  /** "coordinator", "worker", …; a field of every line. */
  readonly role: string;
  readonly level: LogLevel;
  /** Standard error, or a file that is appended to (its folder is made). */
  readonly destination: "stderr" | { readonly file: string };
  /** Lines for a person instead of JSON. */
  readonly pretty: boolean;
  readonly clock?: Clock;
}

/**
 * Opens a logger. Lines are written synchronously: none is missing when the process is killed.
 *
 * The same event is written at most ten times in ten seconds; the next line of it after that says in `suppressed`
 * how many were left out.
 */
export function createLogger(options: LoggerOptions): Logger {
  const repeats = createRepeats(options.clock ?? systemClock);
  const base = pino(
    {
      level: options.level,
      base: { role: options.role },
      messageKey: "event",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.errWithCause },
    },
    destinationOf(options),
  );
  return wrap(base, repeats);
}

function destinationOf({ destination, pretty }: LoggerOptions): DestinationStream {
  const sink = pino.destination(
    destination === "stderr" ? { fd: 2, sync: true } : { dest: destination.file, sync: true, mkdir: true },
  );
  if (!pretty) return sink;
  return { write: (line) => void sink.write(prettyLine(line)) };
}

function wrap(target: pino.Logger, repeats: ReturnType<typeof createRepeats>): Logger {
  const write =
    (level: Exclude<LogLevel, "silent">) =>
    (event: string, fields: LogFields = {}) => {
      if (!target.isLevelEnabled(level)) return;
      const suppressed = repeats.admit(`${level} ${event}`);
      if (suppressed === null) return;
      target[level](suppressed > 0 ? { ...fields, suppressed } : fields, event);
    };
  return {
    error: write("error"),
    warn: write("warn"),
    info: write("info"),
    debug: write("debug"),
    child: (fields) => wrap(target.child(fields), repeats),
  };
}
