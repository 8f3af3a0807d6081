import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createRunSecrets,
  findNatsServer,
  NatsServerMissingError,
  NatsUnusableError,
  openNats,
  startNatsServer,
} from "../../transport/index.ts";
import { openTestNats } from "../support/nats.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-server-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A program that claims to be nats-server of some version. */
async function pretender(name: string, says: string): Promise<string> {
  const path = join(await mkdtemp(join(folder, `${name}-`)), "nats-server");
  await writeFile(path, `#!/bin/sh\necho "${says}"\n`);
  await chmod(path, 0o755);
  return path;
}

describe("finding nats-server", () => {
  test("takes the one that NATS_SERVER_BIN names", async () => {
    const path = await pretender("named", "nats-server: v2.15.0");

    expect(await findNatsServer({ environment: { NATS_SERVER_BIN: path } })).toEqual({
      path,
      version: "2.15.0",
    });
  });

  test("refuses a named one that is too old, missing or something else, each in one sentence", async () => {
    const old = await pretender("old", "nats-server: v2.10.22");
    const other = await pretender("other", "hello");

    await expect(findNatsServer({ environment: { NATS_SERVER_BIN: old } })).rejects.toThrow(
      new NatsServerMissingError(
        `NATS_SERVER_BIN names ${old}, but version 2.10.22 is older than 2.14, which is needed`,
      ),
    );
    await expect(findNatsServer({ environment: { NATS_SERVER_BIN: other } })).rejects.toThrow(
      "is no nats-server",
    );
    await expect(findNatsServer({ environment: { NATS_SERVER_BIN: "/nowhere" } })).rejects.toThrow(
      "NATS_SERVER_BIN names /nowhere",
    );
  });

  test("takes the one on the PATH, and passes over one there that is too old", async () => {
    const onPath = await pretender("path", "nats-server: v3.0.1");
    const old = await pretender("old-path", "nats-server: v2.13.9");
    const cache = await mkdtemp(join(folder, "cache-"));
    const said: string[] = [];

    const found = await findNatsServer({ environment: { PATH: `/nowhere:${join(onPath, "..")}` } });
    const missing = findNatsServer({
      environment: { PATH: join(old, ".."), XDG_CACHE_HOME: cache },
      onProgress: (line) => said.push(line),
    });

    expect(found).toEqual({ path: onPath, version: "3.0.1" });
    await expect(missing).rejects.toThrow("there is no Go to build it with");
    expect(said[0]).toContain("2.13.9 is older than 2.14");
    expect(readdirSync(join(cache, "rollout-fleet", "bin"))).toEqual([]);
  });

  test("builds it once into the cache folder, also when two ask at the same time", async () => {
    const cache = await mkdtemp(join(folder, "cache-"));
    const real = await findNatsServer();
    const tools = await mkdtemp(join(folder, "tools-"));
    const calls = join(tools, "calls");
    // Stands for the Go toolchain: takes a moment, and puts a binary where GOBIN says.
    const go = `#!/bin/sh\necho "$@" >> ${calls}\n/bin/sleep 0.7\n/bin/cp ${real.path} "$GOBIN/nats-server"\n`;
    await writeFile(join(tools, "go"), go, { mode: 0o755 });
    const environment = { PATH: tools, XDG_CACHE_HOME: cache };

    const found = await Promise.all([findNatsServer({ environment }), findNatsServer({ environment })]);
    const again = await findNatsServer({ environment });

    const path = join(cache, "rollout-fleet", "bin", "nats-server");
    expect([...found, again]).toEqual(Array(3).fill({ path, version: real.version }));
    expect(await readFile(calls, "utf8")).toBe("install github.com/nats-io/nats-server/v2@v2.15.2\n");
    expect(readdirSync(join(cache, "rollout-fleet", "bin"))).toEqual(["nats-server"]);
  });

  test("says what the build said when it failed", async () => {
    const tools = await mkdtemp(join(folder, "tools-"));
    await writeFile(join(tools, "go"), "#!/bin/sh\necho 'no such host' >&2\nexit 1\n", { mode: 0o755 });
    const environment = { PATH: tools, XDG_CACHE_HOME: await mkdtemp(join(folder, "cache-")) };

    await expect(findNatsServer({ environment })).rejects.toThrow(/^go install .* failed: no such host$/);
  });
});

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

describe("a link", () => {
  test("says that nobody listens, and that a password is wrong, in one sentence each", async () => {
    await using nats = await openTestNats({ streams: false });
    const worker = { ...nats.secrets.users.worker, name: "test" };

    await expect(openNats({ ...worker, url: "nats://127.0.0.1:1" })).rejects.toThrow(
      /^no nats-server answers at nats:\/\/127\.0\.0\.1:1: /,
    );
    await expect(openNats({ ...worker, url: nats.url, password: "guess" })).rejects.toThrow(
      new NatsUnusableError(`nats-server at ${nats.url} does not accept the user "worker"`),
    );
  });

  test("to a server that is too old is refused with the version it has", async () => {
    await using old = await openOldServer("2.9.25");
    const worker = { ...createRunSecrets().users.worker, name: "test" };

    await expect(openNats({ ...worker, url: old.url })).rejects.toThrow(
      new NatsUnusableError(`nats-server at ${old.url} is version 2.9.25, 2.14 or newer is needed`),
    );
  });

  test("leaves no socket behind", async () => {
    await using nats = await openTestNats({ streams: false });
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const before = sockets();
    const link = await nats.link("worker");

    await link[Symbol.asyncDispose]();

    await expect.poll(sockets).toBe(before);
  });

  test("comes back by itself after the server was killed and started again", async () => {
    await using nats = await openTestNats({ streams: false });
    const states: string[] = [];
    await using link = await openNats({
      url: nats.url,
      ...nats.secrets.users.coordinator,
      name: "test",
      onChange: (state) => states.push(state),
    });

    await nats.kill();
    await nats.restart();
    await expect.poll(() => states, { timeout: 10_000 }).toEqual(["lost", "back"]);

    await link.connection.flush();
  });

  test("can be closed twice", async () => {
    await using nats = await openTestNats({ streams: false });
    const link = await nats.link("worker");

    await link[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
  });
});

/** As much of a nats-server as a client sees before it is told the version. */
async function openOldServer(version: string): Promise<AsyncDisposable & { readonly url: string }> {
  const info = { server_id: "old", version, headers: true, max_payload: 1024, proto: 1 };
  const server = createServer((socket) => {
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on("data", (data) => data.includes("PING") && socket.write("PONG\r\n"));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `nats://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
