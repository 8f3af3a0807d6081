import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withDeadline } from "../../core/index.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The sentence it ended with, when it said one. */
  readonly lastWords: string | null;
}

/** The end of a process in two words, such as "exit code 1" or "signal SIGKILL". */
export function howItEnded({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** A running `fleet <role>`, the same command that a pod runs. */
export interface RoleProcess {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Asks it to stop in order, waits `graceMs`, then ends it. */
  stop(graceMs: number): Promise<Exit>;
  /** Ends it at once. */
  kill(): void;
}

/** What a role process tells the process that started it. */
export interface RoleMessage {
  readonly lastWords: string;
}

/**
 * Starts `fleet <args>` as a process of its own process group, so that Ctrl-C in the terminal reaches only us and
 * the roles can be stopped in order. It ends by itself when the channel to us closes.
 *
 * @param log - file that receives what it prints
 * @param environment - added to our own
 */
export function startRole(
  name: string,
  args: readonly string[],
  log: string,
  environment: Readonly<Record<string, string>> = {},
): RoleProcess {
  const output = openSync(log, "a");
  const child = spawn(process.execPath, [MAIN, ...args], {
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ["ignore", output, output, "ipc"],
  });
  let lastWords: string | null = null;
  child.on("message", (message: RoleMessage) => {
    lastWords = message.lastWords;
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once("error", (error) => resolve({ code: 1, signal: null, lastWords: error.message }));
    child.once("exit", (code, signal) => resolve({ code, signal, lastWords }));
  });
  return {
    name,
    pid: child.pid ?? 0,
    exited,
    kill: () => void child.kill("SIGKILL"),
    stop: async (graceMs) => {
      child.kill("SIGTERM");
      return withDeadline(`${name} to stop`, graceMs, exited).catch(() => {
        child.kill("SIGKILL");
        return exited;
      });
    },
  };
}
