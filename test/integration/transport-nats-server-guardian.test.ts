import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { findNatsServer } from "../../transport/index.ts";
import { processesWith } from "../support/fleet-command.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";

const PARENT = fileURLToPath(new URL("../support/guardian-parent.mjs", import.meta.url));
const GUARDIAN = fileURLToPath(new URL("../../transport/nats-server/guardian-process.ts", import.meta.url));
/** About when the server's start is reported to a parent that may be gone. */
const MOMENTS_MS = Array.from({ length: 30 }, (_, index) => 40 + 5 * index);

it("nats-server ends whenever its parent was killed, also in the instant in which its start is told", async () => {
  await using folder = await openTemporaryFolder();
  const { path: binary } = await findNatsServer();
  const config = folder.file("nats-server.conf");
  await writeFile(config, "listen: 127.0.0.1:-1\n");

  for (const ms of MOMENTS_MS) {
    const started = [PARENT, GUARDIAN, binary, config, folder.file("log"), String(ms)];
    await once(spawn(process.execPath, started, { stdio: "ignore" }), "exit");
  }

  const left = async () => (await processesWith(config)).map(({ command }) => command);
  await expect.poll(left, { timeout: 15_000 }).toEqual([]);
}, 60_000);
