import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { CancelledError, type Disposition, FleetError, withDeadline } from "../../core/index.ts";
import { keepLastLines } from "./last-lines.ts";
import type {
  CallMessage,
  CallName,
  ChildMessage,
  EventName,
  Protocol,
  ReplyOf,
  RequestOf,
  WireError,
} from "./protocol.ts";

/** Time for a child to end by itself once its channel is closed. */
const EXIT_MS = 5_000;

/** An engine's process ended without being asked to: an assertion of ggml, lack of memory, a kill. */
export class EngineDiedError extends FleetError {
  readonly code = "llama.engine_died";
  readonly disposition = "retry";
  /** Whether it was killed outright, as the system does when memory runs out. */
  readonly wasKilled: boolean;

  constructor(message: string, options: ErrorOptions & { readonly wasKilled?: boolean } = {}) {
    super(message, options);
    this.wasKilled = options.wasKilled ?? false;
  }
}

/** An error that was raised in an engine's process; code and disposition are those it had there. */
export class EngineError extends FleetError {
  readonly code: `${string}.${string}`;
  readonly disposition: Disposition;

  constructor({ code, disposition, message }: WireError) {
    super(message);
    this.code = code;
    this.disposition = disposition;
  }
}

/** A child process that serves a {@link Protocol}. Disposing ends it; calls in flight then reject as cancelled. */
export interface Child<P extends Protocol> extends AsyncDisposable {
  /** The child's process id. */
  readonly pid: number;
  /** Resolves when the child ends unasked; stays pending when it is disposed. Calls in flight reject with the same error. */
  readonly failed: Promise<EngineDiedError>;
  /**
   * Calls the child.
   *
   * @throws {DeadlineError} after `deadlineMs`, naming child and call; the child goes on
   * @throws {EngineError} what the child threw
   * @throws {EngineDiedError} when the child has ended or ends meanwhile
   */
  call<Name extends CallName<P>>(
    name: Name,
    request: RequestOf<P, Name>,
    deadlineMs: number,
  ): Promise<ReplyOf<P, Name>>;
}

/** What {@link openChild} starts. */
export interface ChildOptions<P extends Protocol> {
  /** A file that ends in `-process.ts` and calls `serveParent`. */
  readonly entry: URL;
  /** How errors and deadlines name it, such as "the decoding engine". */
  readonly name: string;
  /** Variables beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends it as disposing does. */
  readonly signal?: AbortSignal | undefined;
  /** One function for each of the child's events, called in order. */
  readonly on: { readonly [Name in EventName<P>]: (value: P["events"][Name]) => void };
}

/** Starts a child process. It runs until it is disposed, its signal aborts, this process ends, or it dies. */
export function openChild<P extends Protocol>({
  entry,
  name,
  environment = {},
  signal,
  on,
}: ChildOptions<P>): Child<P> {
  const child = fork(entry, [], {
    serialization: "advanced",
    execArgv: [],
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const lines = keepLastLines(child.stderr);
  const calls = createPendingCalls();
  const died = Promise.withResolvers<EngineDiedError>();
  let ending: FleetError | null = null;

  const end = (error: FleetError) => {
    ending ??= error;
    calls.rejectAll(ending);
  };
  child.on("message", (message: ChildMessage) => {
    if (message.kind === "event") on[message.event as EventName<P>](message.value as never);
    else calls.settle(message);
  });
  const whenDead = (how: string, wasKilled = false) => {
    if (ending !== null) return;
    const error = new EngineDiedError(`${name} ended: ${how}${lines.quote()}`, { wasKilled });
    end(error);
    died.resolve(error);
  };
  child.on("error", (error) => whenDead(error.message));
  child.on("close", (code, killedBy) =>
    whenDead(killedBy === null ? `exit code ${code}` : `signal ${killedBy}`, killedBy === "SIGKILL"),
  );
  const close = async () => {
    signal?.removeEventListener("abort", close);
    end(new CancelledError(`${name} was closed`));
    await stop(child);
  };
  signal?.addEventListener("abort", close);
  if (signal?.aborted) void close();

  return {
    pid: child.pid ?? 0,
    failed: died.promise,
    async call(call, request, deadlineMs) {
      if (ending !== null) throw ending;
      const { id, reply } = calls.add();
      child.send({ id, call, request } satisfies CallMessage, () => {}); // A closed channel shows as the child's end.
      return (await withDeadline(`${name} to answer "${call}"`, deadlineMs, reply)) as never;
    },
    [Symbol.asyncDispose]: close,
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  if (child.connected) child.disconnect();
  const timer = new AbortController();
  const late = sleep(EXIT_MS, undefined, { signal: timer.signal }).then(
    () => child.kill("SIGKILL"),
    () => {},
  );
  await exited;
  timer.abort();
  await late;
}

interface PendingCalls {
  add(): { id: number; reply: Promise<unknown> };
  settle(message: Exclude<ChildMessage, { kind: "event" }>): void;
  rejectAll(error: Error): void;
}

function createPendingCalls(): PendingCalls {
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  return {
    add() {
      const call = Promise.withResolvers<unknown>();
      pending.set(++lastId, call);
      return { id: lastId, reply: call.promise };
    },
    settle(message) {
      const call = pending.get(message.id);
      pending.delete(message.id);
      if (message.kind === "reply") call?.resolve(message.reply);
      else call?.reject(new EngineError(message.error));
    },
    rejectAll(error) {
      for (const call of pending.values()) call.reject(error);
      pending.clear();
    },
  };
}
