import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";

/** A parsed template. Throws what the template raises, or where it cannot go on. */
export type Jinja = (variables: Readonly<Record<string, unknown>>) => string;

/** What the thread is asked: what a template makes of its variables; without them, only whether it can be parsed. */
export interface JinjaQuestion {
  readonly template: string;
  readonly variables: Readonly<Record<string, unknown>> | null;
}

/** What it answers. */
export type JinjaAnswer = { readonly text: string } | { readonly failure: string };

/** A template takes a millisecond and a megabyte. */
const MOST_MS = 5_000;
const MOST_MIB = 64;
/** UTF-16 units of a prompt without its messages. */
const MOST_UNITS = 1 << 22;

/** Parses a template as Hugging Face's `apply_chat_template` does; throws where it cannot be parsed. */
export function parseJinja(template: string): Jinja {
  ask({ template, variables: null });
  return (variables) => {
    const text = ask({ template, variables });
    if (text.length > MOST_UNITS) throw new Error(`it writes more than ${MOST_UNITS} characters`);
    return text;
  };
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** [0] becomes 1 once an answer is there. */
  readonly answered: Int32Array;
}

/** One for all templates of this process, opened by the first; a template that ends it has the next open another. */
let thread: Thread | null = null;

/** Waits for the answer; a thread that gives none in time is ended, whatever keeps it. */
function ask(question: JinjaQuestion): string {
  thread ??= openThread();
  const { worker, port, answered } = thread;
  Atomics.store(answered, 0, 0);
  port.postMessage(question);
  const waited = Atomics.wait(answered, 0, 0, MOST_MS);
  const received: { readonly message: JinjaAnswer } | undefined = receiveMessageOnPort(port);
  if (received === undefined || waited === "timed-out") {
    thread = null;
    void worker.terminate();
    throw new Error(`it takes more than ${MOST_MS / 1_000} s or ${MOST_MIB} MiB`);
  }
  if ("failure" in received.message) throw new Error(received.message.failure);
  return received.message.text;
}

function openThread(): Thread {
  const { port1: port, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(new URL("jinja-thread.ts", import.meta.url), {
    workerData: { port: port2, answered },
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: MOST_MIB, maxYoungGenerationSizeMb: 8 },
  });
  worker.on("error", () => {}); // Whoever waits for it hears of it.
  worker.unref();
  port.unref();
  return { worker, port, answered };
}
