import { getPriority, setPriority } from "node:os";
import { dispositionOf, FleetError } from "../../core/index.ts";
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

/**
 * Niceness of a process that computes, 0 to 19: where cores are scarce, what carries leases, policies and rollouts comes first. It
 * needs a hundredth of the time, and others wait for it.
 */
const NICENESS = 10;

/** One function a call. A thrown {@link FleetError} reaches the caller with its code and disposition. */
export type Handlers<P extends Protocol> = {
  readonly [Name in CallName<P>]: (
    request: RequestOf<P, Name>,
  ) => ReplyOf<P, Name> | Promise<ReplyOf<P, Name>>;
};

/** The child's way to speak unasked. */
export interface Parent<P extends Protocol> {
  emit<Name extends EventName<P>>(event: Name, value: P["events"][Name]): void;
}

/**
 * Serves the calls of the parent process, in the order in which they arrive. The process ends when the parent closes
 * the channel or dies. An interrupt from the terminal, which goes to the whole process group, is left to the parent.
 */
export function serveParent<P extends Protocol>(handlers: Handlers<P>): Parent<P> {
  process.on("disconnect", () => process.exit(0));
  if (!process.connected) process.exit(0); // It was gone before anybody listened here.
  process.on("SIGINT", () => {});
  yieldToOthers();
  process.on("message", (message: CallMessage) => void answer(handlers, message));
  return { emit: (event, value) => send({ kind: "event", event, value }) };
}

/** For this thread and all that it starts from here on. */
function yieldToOthers(): void {
  try {
    if (getPriority() < NICENESS) setPriority(NICENESS);
  } catch {
    // A sandbox that does not know of priorities: it computes beside the others.
  }
}

async function answer<P extends Protocol>(
  handlers: Handlers<P>,
  { id, call, request }: CallMessage,
): Promise<void> {
  try {
    const handle = handlers[call as CallName<P>] as (request: unknown) => unknown;
    send({ kind: "reply", id, reply: await handle(request) });
  } catch (error) {
    send({ kind: "error", id, error: toWire(error) });
  }
}

function toWire(error: unknown): WireError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof FleetError ? error.code : "llama.engine_failed";
  return { code, disposition: dispositionOf(error), message };
}

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message, () => {}); // The parent may close the channel meanwhile.
}
