/**
 * The thread that renders chat templates: they come with models, and one that takes too long or too much memory ends with
 * this thread.
 *
 * @module
 */
import { type MessagePort, workerData } from "node:worker_threads";
import { Environment, parse, tokenize } from "@huggingface/jinja";
import { BoundedInterpreter } from "./bounded-interpreter.ts";
import type { JinjaAnswer, JinjaQuestion } from "./jinja.ts";
import { formatPinnedDate, PINNED_DATE } from "./pinned-date.ts";

type Program = ReturnType<typeof parse>;

/** Items of a range. */
const MOST_ITEMS = 100_000;
const MOST_KEPT = 8;

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

const { port, answered } = workerData as { readonly port: MessagePort; readonly answered: Int32Array };
const programs = new Map<string, Program>();

port.on("message", (question: JinjaQuestion) => {
  port.postMessage(answer(question));
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
});

function answer({ template, variables }: JinjaQuestion): JinjaAnswer {
  try {
    const program = programOf(template);
    return { text: variables === null ? "" : render(program, variables) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** With the settings of Hugging Face's `apply_chat_template`. */
function programOf(template: string): Program {
  const known = programs.get(template);
  if (known !== undefined) return known;
  const program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
  const [oldest] = programs.keys();
  if (programs.size === MOST_KEPT && oldest !== undefined) programs.delete(oldest);
  programs.set(template, program);
  return program;
}

function render(program: Program, variables: Readonly<Record<string, unknown>>): string {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value);
  return String(new BoundedInterpreter(environment).run(program).value);
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
