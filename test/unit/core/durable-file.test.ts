import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileDurably } from "../../../core/index.ts";

describe("writeFileDurably", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "durable-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("replaces the content and leaves no temporary file", async () => {
    const path = join(folder, "state.json");

    await writeFileDurably(path, "old");
    await writeFileDurably(path, "new");

    expect(await readFile(path, "utf8")).toBe("new");
    expect(await readdir(folder)).toEqual(["state.json"]);
  });

  it("gives a new file the permissions it was asked for", async () => {
    const path = join(folder, "secret");

    await writeFileDurably(path, "s", 0o600);

    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});
