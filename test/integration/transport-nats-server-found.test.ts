import { readdirSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findNatsServer, NatsServerMissingError } from "../../transport/index.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-server-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

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

/** A program that claims to be nats-server of some version. */
async function pretender(name: string, says: string): Promise<string> {
  const path = join(await mkdtemp(join(folder, `${name}-`)), "nats-server");
  await writeFile(path, `#!/bin/sh\necho "${says}"\n`);
  await chmod(path, 0o755);
  return path;
}
