import { copyFile, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kernelsInUse } from "../../llama/index.ts";
import { compiledKernelsFolder, libraryName } from "../../llama/native/cpu-kernels.ts";
import { startFleetIn } from "../support/fleet-command.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

let folder: TemporaryFolder;
let gguf: string;
const packaged = kernelsInUse({ FLEET_KERNELS: "packaged" });
beforeAll(async () => {
  folder = await openTemporaryFolder();
  gguf = folder.file("tiny.gguf");
  await writeTinyModel(gguf);
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("kernels that were compiled for this processor", () => {
  it("are those of a folder that is named, and engines compute with them", async () => {
    const kernels = await folderWith((file) => copyFile(packaged.file, file));

    const { code, stdout } = await doctor({ FLEET_KERNELS: kernels }, "--try");

    expect(stdout).toMatch(
      new RegExp(`^✓ kernels +${packaged.family}, compiled here by an unknown compiler$`, "m"),
    );
    expect(stdout).toMatch(/^✓ speed +[1-9]/m);
    expect(code).toBe(0);
  });

  it("name what compiled them", async () => {
    const kernels = await folderWith(async (file) => {
      await copyFile(packaged.file, file);
      await writeFile(`${file}.json`, JSON.stringify({ compiler: "Tiny 1.0" }));
    });

    const { stdout } = await doctor({ FLEET_KERNELS: kernels });

    expect(stdout).toMatch(/^✓ kernels .*, compiled here by Tiny 1\.0$/m);
  });

  it.each(["packaged", "/nonexistent"])("are not used with FLEET_KERNELS=%s", async (kernels) => {
    const { code, stdout } = await doctor({ FLEET_KERNELS: kernels }, "--try");

    expect(stdout).toMatch(/^✓ kernels .*, as packaged; `fleet kernels` compiles them here/m);
    expect(stdout).toMatch(/^✓ speed +[1-9]/m);
    expect(code).toBe(0);
  });

  it("that are no library end an engine in one sentence that says how to be rid of them", async () => {
    const kernels = await folderWith((file) => writeFile(file, "no library"));

    const { code, stderr } = await doctor({ FLEET_KERNELS: kernels }, "--try");

    expect(stderr).toContain(
      `${join(kernels, libraryName(packaged.family))} cannot be loaded; \`fleet kernels --remove\` removes it`,
    );
    expect(code).toBe(2);
  });

  it("are removed", async () => {
    const cache = folder.file("cache");
    const compiled = compiledKernelsFolder({ XDG_CACHE_HOME: cache });
    await mkdir(compiled, { recursive: true });
    await copyFile(packaged.file, join(compiled, libraryName(packaged.family)));
    expect(kernelsInUse({ XDG_CACHE_HOME: cache }).compiler).toBe("an unknown compiler");

    const { code, stdout } = await run({ XDG_CACHE_HOME: cache }, "kernels", "--remove");

    expect(stdout).toBe(`in use: ${packaged.family}, as packaged\n`);
    expect(await readdir(join(cache, "rollout-fleet"))).not.toContain("kernels");
    expect(code).toBe(0);
  });
});

describe("fleet kernels", () => {
  it("says what it takes where that is missing, and leaves nothing behind", async () => {
    const path = folder.file("path");
    await mkdir(path);
    await symlink(process.execPath, join(path, "node"));
    const cache = folder.file("cache-without-tools");

    const { code, stderr } = await run({ PATH: path, XDG_CACHE_HOME: cache }, "kernels");

    expect(stderr).toContain(
      "fleet: git is not installed: compiling kernels takes git, cmake, make and a C++ compiler (Debian: git cmake make g++)\n",
    );
    expect(await readdir(join(cache, "rollout-fleet/kernels"), { recursive: true })).toEqual([
      expect.stringMatching(/^\d+\.\d+\.\d+$/),
    ]);
    expect(code).toBe(2);
  });
});

let folders = 0;
async function folderWith(write: (file: string) => Promise<void>): Promise<string> {
  const kernels = folder.file(`kernels-${++folders}`);
  await mkdir(kernels);
  await write(join(kernels, libraryName(packaged.family)));
  return kernels;
}

function doctor(environment: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const sizes = ["--slots", "2", "--context-tokens", "128", "--completion-tokens", "32"];
  return run(environment, "doctor", gguf, ...sizes, ...args);
}

function run(environment: NodeJS.ProcessEnv, ...args: readonly string[]) {
  return startFleetIn(environment, ...args).result;
}
