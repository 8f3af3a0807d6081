import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Logger } from "../../../telemetry/index.ts";
import { openSpool } from "../../../workers/index.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";

let temporary: TemporaryFolder;
let folder: string;
beforeEach(async () => {
  temporary = await openTemporaryFolder();
  folder = temporary.file("w1");
});
afterEach(() => temporary[Symbol.asyncDispose]());

describe("a spool", () => {
  it("gives back what was written, also to the next worker, in order", async () => {
    const spool = await openSpool(at());
    const first = await spool.put(Buffer.from("first"));
    await spool.put(Buffer.from("second"));

    const next = await openSpool(at());
    await next.put(Buffer.from("third"));

    const found = (await openSpool(at())).found;
    expect(String(await first?.read())).toBe("first");
    expect(await Promise.all(found.map(async (file) => String(await file.read())))).toEqual([
      "first",
      "second",
      "third",
    ]);
  });

  it("takes no more than its bound, counted over what was found, and again once something is removed", async () => {
    const bytesAtMost = 300;
    await (await openSpool(at())).put(Buffer.alloc(100));

    const spool = await openSpool(at({ bytesAtMost }));
    const second = await spool.put(Buffer.alloc(100));
    const refused = await spool.put(Buffer.alloc(100));
    await second?.remove();
    const third = await spool.put(Buffer.alloc(100));

    expect(refused).toBeNull();
    expect(third).not.toBeNull();
    expect(spool.bytes).toBe(await bytesIn(folder));
  });

  it("deletes what its predecessor was writing when it was killed", async () => {
    await (await openSpool(at())).put(Buffer.from("whole"));
    await writeFile(join(folder, "000000000007-cafecafe.message.tmp"), "hal");

    const spool = await openSpool(at());

    expect(spool.found).toHaveLength(1);
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it.each([
    { how: "cut", harm: (path: string) => truncate(path, 40) },
    { how: "emptied", harm: (path: string) => truncate(path, 0) },
    { how: "changed", harm: async (path: string) => writeFile(path, (await readFile(path)).fill(1, 35, 36)) },
    { how: "deleted", harm: (path: string) => rm(path) },
  ])("says that a file is damaged when it was $how", async ({ harm }) => {
    const spool = await openSpool(at());
    const file = await spool.put(Buffer.from("a message"));

    await harm(await onlyFile());

    await expect(file?.read()).rejects.toMatchObject({
      code: "workers.spool_damaged",
      message: expect.stringMatching(
        /^\S+\.message (is damaged: its \d+ bytes are not what was written|cannot be read)$/,
      ),
    });
  });

  it("refuses a folder that it cannot make, in one sentence", async () => {
    await writeFile(folder, "a file");

    await expect(openSpool(at())).rejects.toThrow(
      /^the spool \S+w1 cannot be used \(.*\): make it writable$/,
    );
  });

  it("says once that the disk refuses, and takes again when it does not", async () => {
    const said: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void said.push(message) };
    const spool = await openSpool(at({ logger }));

    await rm(folder, { recursive: true });
    const refused = [await spool.put(Buffer.from("1")), await spool.put(Buffer.from("2"))];
    await openSpool(at());
    const taken = await spool.put(Buffer.from("3"));

    expect(refused).toEqual([null, null]);
    expect(said).toEqual([`the spool ${folder} cannot be written: what waits stays in memory`]);
    expect(String(await taken?.read())).toBe("3");
    expect(spool.bytes).toBe(await bytesIn(folder));
  });
});

function at(given: { bytesAtMost?: number; logger?: Logger } = {}) {
  return { folder, bytesAtMost: 1_000_000, logger: silentLogger, ...given };
}

async function onlyFile(): Promise<string> {
  const [name] = await readdir(folder);
  return join(folder, name ?? "");
}

async function bytesIn(path: string): Promise<number> {
  const files = await readdir(path);
  const contents = await Promise.all(files.map((name) => readFile(join(path, name))));
  return contents.reduce((sum, content) => sum + content.byteLength, 0);
}
