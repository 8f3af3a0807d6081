import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunSecrets, findNatsServer, startNatsServer } from "../../transport/index.ts";
import { isAlive } from "../support/is-alive.ts";
import { openTestNats } from "../support/nats.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-server-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a started nats-server", () => {
  test("listens on a port that the system picks, keeps its secrets to its owner, and leaves nothing", async () => {
    const nats = await openTestNats({ streams: false });
    const configFile = join(nats.folder, "nats", "nats-server.conf");
    const { pid } = nats;

    expect(nats.url).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
    expect(statSync(configFile).mode & 0o777).toBe(0o600);
    await nats[Symbol.asyncDispose]();

    expect(isAlive(pid)).toBe(false);
    expect(existsSync(nats.folder)).toBe(false);
  });

  test("is told to sync each message before it acknowledges it", async () => {
    await using nats = await openTestNats({ streams: false });

    const config = await readFile(join(nats.folder, "nats", "nats-server.conf"), "utf8");

    expect(config).toContain("sync_interval: always");
  });

  test("says in one sentence that its port is in use", async () => {
    await using nats = await openTestNats({ streams: false });
    const { path: binary } = await findNatsServer();
    const port = Number(new URL(nats.url).port);
    const { users } = createRunSecrets();

    const second = startNatsServer({
      binary,
      folder: join(folder, "second"),
      log: join(folder, "second.log"),
      port,
      run: "r",
      users,
    });

    await expect(second).rejects.toThrow(`port ${port} on 127.0.0.1 is in use by another process`);
  });

  test("tells how it ended when nobody asked it to", async () => {
    await using nats = await openTestNats({ streams: false });
    const { path: binary } = await findNatsServer();
    const { users } = createRunSecrets();
    await using server = await startNatsServer({
      binary,
      folder: join(nats.folder, "other"),
      log: join(nats.folder, "other.log"),
      port: 0,
      run: "r",
      users,
    });

    process.kill(server.pid, "SIGKILL");

    expect(await server.exited).toBe("SIGKILL");
  });

  test("ends when the process that started it is killed", async () => {
    const { path: binary } = await findNatsServer();
    const index = pathToFileURL(join(import.meta.dirname, "../../transport/index.ts")).href;
    const parent = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `const { startNatsServer, createRunSecrets } = await import("${index}");
         const { users } = createRunSecrets();
         const server = await startNatsServer({ binary: "${binary}", folder: "${folder}/orphan", log: "${folder}/orphan.log", port: 0, run: "r", users });
         process.stdout.write(String(server.pid));
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [said] = await once(parent.stdout, "data");
    const pid = Number(said);
    expect(isAlive(pid)).toBe(true);

    parent.kill("SIGKILL");

    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});
