import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../../core/index.ts";

/** Where a node's own binaries are kept once they are built. */
export const BINARIES = cacheFolder("cluster/bin");

const COMMAND_DEADLINE_MS = 600_000;
const MOST_OUTPUT_BYTES = 256 * 2 ** 20;

/** A program from {@link BINARIES} where it is there, else from the PATH. */
export function programAt(name: string): string {
  const ours = join(BINARIES, name);
  return existsSync(ours) ? ours : name;
}

/** How a command is run. */
export interface RunOptions {
  readonly environment?: Readonly<NodeJS.ProcessEnv>;
  readonly input?: string;
}

/**
 * Runs a program to its end.
 *
 * @returns what it printed on standard output
 * @throws Error with all that it printed, when it fails or takes longer than ten minutes
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      {
        env: { ...process.env, ...options.environment },
        maxBuffer: MOST_OUTPUT_BYTES,
        timeout: COMMAND_DEADLINE_MS,
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const shown = [program, ...args].join(" ").slice(0, 500);
        reject(new Error(`${shown}\n${stdout}${stderr}`, { cause: error }));
      },
    );
    child.stdin?.on("error", () => {}); // It may end without reading; how it ended is told above.
    child.stdin?.end(options.input ?? "");
  });
}

/** Runs a program whose output goes to this terminal. */
export function runAloud(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ${args.join(" ")} ended with exit code ${code}`)),
    );
  });
}
