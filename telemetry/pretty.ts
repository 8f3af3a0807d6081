/** What every line of the logger has; the rest are the event's own fields. */
interface Entry {
  readonly level: string;
  readonly time: string;
  readonly role: string;
  readonly event: string;
  readonly error?: unknown;
}

/** Fields that {@link prettyLine} gives a place of their own. */
const PLACED = new Set(["level", "time", "role", "event", "error"]);

/**
 * One JSON line of the logger as a person reads it: `12:30:05 warn worker  lease lost  task=t1 lease=l3`, an error's
 * messages indented below. A line that is not JSON is returned as it is.
 */
export function prettyLine(line: string): string {
  const entry = parse(line);
  if (entry === null) return line;
  const fields = Object.entries(entry)
    .filter(([name]) => !PLACED.has(name))
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const time = entry.time.slice(11, 19);
  const head = `${time} ${entry.level.padEnd(5)} ${entry.role}  ${entry.event}`;
  const first = fields.length > 0 ? `${head}  ${fields.join(" ")}` : head;
  return `${[first, ...messagesOf(entry.error).map((message) => `         ${message}`)].join("\n")}\n`;
}

function parse(line: string): Entry | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** The message of a serialized error and of each of its causes, outermost first. */
function messagesOf(error: unknown): string[] {
  if (typeof error !== "object" || error === null) return error === undefined ? [] : [String(error)];
  const { message, cause } = error as { message?: unknown; cause?: unknown };
  return [String(message), ...messagesOf(cause)];
}
