import { type ChildProcess, spawn } from "node:child_process";
import { FleetError, withDeadline } from "../../core/index.ts";
import { keepLastLines } from "../child/last-lines.ts";

/** Kernels could not be compiled, or are not what was asked for. */
export class KernelsError extends FleetError {
  readonly code = "llama.kernels_not_compiled";
  readonly disposition = "reject";
}

/** What is run, and for how long at most. */
export interface Tool {
  /** Found on the PATH. */
  readonly command: string;
  readonly args: readonly string[];
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a tool to its end, in a process group of its own that ends with the deadline or the signal.
 *
 * @throws {KernelsError} when it is not installed, or with what it said last when it fails
 * @throws {DeadlineError} after the deadline
 * @throws {CancelledError} as soon as the signal aborts
 */
export async function runTool({ command, args, deadlineMs, signal }: Tool): Promise<void> {
  const child = spawn(command, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const said = keepLastLines(child.stderr);
  child.stdout.resume();
  try {
    const code = await withDeadline(`${command} ${args[0]}`, deadlineMs, endOf(child), signal);
    if (code !== 0) throw new KernelsError(`${command} ended with code ${code}${said.quote()}`);
  } finally {
    if (child.exitCode === null && child.pid !== undefined) endGroup(child.pid);
  }
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on("close", resolve);
    child.on("error", (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === "ENOENT"
          ? `${child.spawnfile} is not installed: compiling kernels takes git, cmake, make and a C++ compiler (Debian: git cmake make g++)`
          : `${child.spawnfile} cannot be run: ${cause.message}`;
      reject(new KernelsError(message, { cause }));
    });
  });
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}
