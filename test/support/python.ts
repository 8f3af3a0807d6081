import { execFileSync, spawnSync } from "node:child_process";

/** Whether this machine has a python3. Says so in a printed line when not; fails where it is required. */
export function hasPython(): boolean {
  const found = spawnSync("python3", ["--version"]).status === 0;
  if (found) return true;
  if (process.env["FLEET_REQUIRE"]?.split(",").includes("python3")) {
    throw new Error("python3 is required by FLEET_REQUIRE and not on the PATH");
  }
  process.stderr.write("no python3 on the PATH: what is compared with CPython is skipped\n");
  return false;
}

/** Runs a program of CPython's standard library alone: JSON in, JSON out. */
export function runPython(program: string, input: unknown, args: readonly string[] = []): unknown {
  const output = execFileSync("python3", ["-c", program, ...args], {
    input: JSON.stringify(input),
    maxBuffer: 256 * 2 ** 20,
  });
  return JSON.parse(output.toString());
}
