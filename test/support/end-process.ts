import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { withDeadline } from "../../core/index.ts";

const END_DEADLINE_MS = 60_000;

/**
 * Ends a child process, unless it has ended, and waits until it is gone.
 *
 * @param name - of what ends, in a deadline's error
 */
export async function endProcess(
  child: ChildProcess,
  signal: NodeJS.Signals,
  name: string,
  deadlineMs = END_DEADLINE_MS,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await withDeadline(`${name} to end`, deadlineMs, exited);
}
