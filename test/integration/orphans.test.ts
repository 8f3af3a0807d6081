import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { withDeadline } from "../../core/index.ts";
import { writeRunFolder, writeRunInputs } from "../support/run-by-hand.ts";

const ENDS_MS = 30_000;
/** Nobody listens there, so that nothing else ends the process. */
const NOWHERE = { coordinator: { host: "127.0.0.1", port: 1 } };

let folder: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-orphans-"));
  run = await writeRunFolder(folder, await writeRunInputs(folder), "left", NOWHERE);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([["worker", "--name", "worker-0"], ["updater"]])(
  "%s: ends when the process that started it was gone before it listened",
  async (...args) => {
    const child = spawn(
      process.execPath,
      [resolve("cli/main.ts"), ...args, "--config", join(run, "run.yaml")],
      {
        stdio: ["ignore", "ignore", "ignore", "ipc"],
      },
    );
    child.disconnect();

    await withDeadline("the role to end", ENDS_MS, once(child, "exit")).finally(() => child.kill("SIGKILL"));

    expect(child.signalCode).toBeNull();
  },
  2 * ENDS_MS,
);
