import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FLEET = fileURLToPath(new URL("../../bin/fleet.mjs", import.meta.url));

/** How a `fleet` command ended and what it printed. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `fleet` command. */
export interface FleetCommand {
  readonly process: ChildProcess;
  readonly result: Promise<CommandResult>;
  /** Resolves once standard error or output holds a match. */
  printed(pattern: RegExp): Promise<void>;
  /** What it has printed so far, both together. */
  output(): string;
}

/** Starts `fleet` as a person would. */
export function startFleet(...args: readonly string[]): FleetCommand {
  return startFleetIn({}, ...args);
}

/** Starts `fleet` with variables added to the environment. */
export function startFleetIn(
  environment: Readonly<NodeJS.ProcessEnv>,
  ...args: readonly string[]
): FleetCommand {
  const child = spawn(FLEET, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  let stdout = "";
  let stderr = "";
  const watchers: (() => void)[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const look of watchers) look();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    for (const look of watchers) look();
  });
  const result = new Promise<CommandResult>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return {
    process: child,
    result,
    output: () => stdout + stderr,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(stderr) || pattern.test(stdout)) resolve();
        };
        watchers.push(look);
        look();
        void result.then(() => reject(new Error(`ended before it printed ${pattern}:\n${stderr}`)));
      }),
  };
}

/** Runs `fleet` to its end. */
export function fleet(...args: readonly string[]): Promise<CommandResult> {
  return startFleet(...args).result;
}

/** Ids and command lines of this machine's processes whose command line holds `text`. */
export async function processesWith(text: string): Promise<{ pid: number; command: string }[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const commands = await Promise.all(
    ids.map(async (pid) => ({
      pid,
      command: (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " "),
    })),
  );
  return commands.filter(({ command }) => command.includes(text));
}
