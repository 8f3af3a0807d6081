import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { fetchVerified } from "../../cli/download/index.ts";
import { startFleet } from "../support/fleet-command.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";

const CONTENT = randomBytes(300_000);
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");
const never = new AbortController().signal;

describe("fetching a model", () => {
  it("puts the file in place once its digest is right", async () => {
    await using folder = await openTemporaryFolder();
    await using server = await serve((_, response) => response.end(CONTENT));

    const fetched = await fetchVerified(to(folder.file("new/base.gguf"), server.url));

    expect(fetched).toBe(true);
    expect(await readFile(folder.file("new/base.gguf"))).toEqual(CONTENT);
    expect(await readdir(folder.file("new"))).toEqual(["base.gguf"]);
  });

  it("goes on where a link broke", async () => {
    await using folder = await openTemporaryFolder();
    let asked = 0;
    await using server = await serve((request, response) => {
      const from = firstByteOf(request);
      const rest = CONTENT.subarray(from);
      response.writeHead(from > 0 ? 206 : 200, { "content-length": rest.length });
      asked += 1;
      if (asked > 1) return response.end(rest);
      return response.write(rest.subarray(0, 100_000), () => response.destroy());
    });

    await fetchVerified(to(folder.file("base.gguf"), server.url));

    expect(await readFile(folder.file("base.gguf"))).toEqual(CONTENT);
    expect(server.ranges).toHaveLength(2);
    const [first, second] = server.ranges; // What a broken connection has delivered is at most what was sent.
    expect(first).toBeUndefined();
    expect(Number(second?.match(/^bytes=(\d+)-$/)?.[1] ?? 0)).toBeLessThanOrEqual(100_000);
  });

  it("begins anew where the server sends no parts", async () => {
    await using folder = await openTemporaryFolder();
    await using server = await serve((_, response) => response.end(CONTENT));
    await writeFile(folder.file("base.gguf.part"), CONTENT.subarray(0, 1_000));

    await fetchVerified(to(folder.file("base.gguf"), server.url));

    expect(server.ranges).toEqual(["bytes=1000-"]);
    expect(await readFile(folder.file("base.gguf"))).toEqual(CONTENT);
  });

  it("puts no other file in place, and keeps nothing of it", async () => {
    await using folder = await openTemporaryFolder();
    await using server = await serve((_, response) => response.end("something else"));

    const fetching = fetchVerified(to(folder.file("base.gguf"), server.url));

    await expect(fetching).rejects.toThrow(`not ${SHA256}: name the file that was meant`);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("does not ask again for what is not there, and tells no signature", async () => {
    await using folder = await openTemporaryFolder();
    await using server = await serve((_, response) => response.writeHead(404).end());

    const fetching = fetchVerified(to(folder.file("base.gguf"), `${server.url}?signature=secret`));

    await expect(fetching).rejects.toThrow(`${server.url} is answered 404 Not Found`);
    expect(server.ranges).toHaveLength(1);
  });

  it("leaves a file that has the digest as it is, without asking anybody", async () => {
    await using folder = await openTemporaryFolder();
    await using server = await serve((_, response) => response.end(CONTENT));
    await writeFile(folder.file("base.gguf"), CONTENT);

    const fetched = await fetchVerified(to(folder.file("base.gguf"), server.url));

    expect(fetched).toBe(false);
    expect(server.ranges).toEqual([]);
  });

  it("stops when it is told to, and keeps what has come", async () => {
    await using folder = await openTemporaryFolder();
    await using server = await serve((_, response) => {
      response.writeHead(200, { "content-length": CONTENT.length });
      response.write(CONTENT.subarray(0, 200_000));
    });
    const stop = new AbortController();
    const say = () => stop.abort();

    const fetching = fetchVerified({ ...to(folder.file("base.gguf"), server.url), stop: stop.signal, say });

    await expect(fetching).rejects.toThrow("stopped downloading");
    expect(await readdir(folder.path)).toEqual(["base.gguf.part"]);
  });

  it("is a command, whose exit code says whether the file is there", async () => {
    await using folder = await openTemporaryFolder();
    await using server = await serve((_, response) => response.end(CONTENT));
    const fetch = (digest: string) =>
      startFleet("model", "fetch", server.url, "--sha256", digest, "--out", folder.file("base.gguf")).result;

    const wrong = await fetch("0".repeat(64));
    const right = await fetch(SHA256);

    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(`has SHA-256 ${SHA256}, not 000`);
    expect(right).toMatchObject({
      code: 0,
      stdout: `${folder.file("base.gguf")}: downloaded, SHA-256 ${SHA256}\n`,
    });
  });
});

function to(out: string, url: string) {
  return { url, sha256: SHA256, out, stop: never, say: () => {} };
}

function firstByteOf({ headers }: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
}

/** A server of files that records which part each request asked for. */
async function serve(handle: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/base.gguf`,
    ranges,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
