import { runInNewContext } from "node:vm";
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { formatPinnedDate, PINNED_DATE } from "./pinned-date.ts";

/** A parsed template. Throws what the template raises, or where it cannot go on. */
export type Jinja = (variables: Readonly<Record<string, unknown>>) => string;

/** What every chat template may use, with the date pinned; the library's own set has the time of day. */
const GLOBALS: Readonly<Record<string, unknown>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  range,
  raise_exception: refuse,
  strftime_now: formatPinnedDate,
  date_string: PINNED_DATE,
};

/** Parses a template with the settings of Hugging Face's `apply_chat_template`; throws where it cannot be parsed. */
export function parseJinja(template: string): Jinja {
  const program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
  return (variables) => {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value);
    return withinTime(() => String(new Interpreter(environment).run(program).value));
  };
}

/** A template takes a millisecond; one that would go on for ever is stopped from outside. */
const MOST_MS = 5_000;
/** Items of a range, UTF-16 units of a prompt without its messages. */
const MOST_ITEMS = 100_000;
const MOST_UNITS = 1 << 22;

function withinTime(render: () => string): string {
  const text: string = runInNewContext("render()", { render }, { timeout: MOST_MS });
  if (text.length > MOST_UNITS) throw new Error(`it writes more than ${MOST_UNITS} characters`);
  return text;
}

/** Python's `range`. */
function range(first: number, end?: number, step = 1): number[] {
  const [start, stop] = end === undefined ? [0, first] : [first, end];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= MOST_ITEMS)) throw new Error(`a range of ${length} items is more than ${MOST_ITEMS}`);
  return Array.from({ length }, (_, i) => start + i * step);
}

function refuse(message: string): never {
  throw new Error(message);
}
