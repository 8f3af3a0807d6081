import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../core/index.ts";
import {
  forwardBackward,
  kernelsInUse,
  openGradientEngine,
  PROJECTIONS,
  randomTokens,
} from "../../llama/index.ts";
import type { CompiledKernels } from "../../llama/kernels/compile-kernels.ts";
import { startFleetIn } from "../support/fleet-command.ts";
import { cosine } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const COMPILE_MS = 900_000;
const missing = await missingTools();
if (missing.length > 0) process.stderr.write(`skipped: compiling kernels takes ${missing.join(", ")}\n`);

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await openTemporaryFolder();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await folder[Symbol.asyncDispose]();
});

describe.skipIf(missing.length > 0)("fleet kernels", () => {
  it("stops in order when it is interrupted, and leaves nothing behind", async () => {
    const cache = folder.file("interrupted");
    const command = startFleetIn({ XDG_CACHE_HOME: cache }, "kernels");
    await command.printed(/^compiling ggml's kernels for/m);

    command.process.kill("SIGINT");

    const { code, stderr } = await command.result;
    expect(stderr).toMatch(/^stopping; nothing is kept$/m);
    expect(await leftIn(cache)).toEqual([]);
    expect(code).toBe(0);
  });

  it("compiles what computes the same, and keeps it where it is faster", {
    timeout: COMPILE_MS,
  }, async () => {
    const cache = folder.file("cache");

    const { code, stdout } = await startFleetIn({ XDG_CACHE_HOME: cache }, "kernels", "--json").result;

    expect(code).toBe(0);
    const compiled: CompiledKernels = JSON.parse(stdout);
    expect(Math.max(...compiled.products.map(({ difference }) => difference))).toBeLessThan(1e-3);
    const kept = await leftIn(cache);
    expect(kept.filter((name) => name.endsWith(".so"))).toEqual(
      compiled.gain < 1.05 ? [] : [`libggml-cpu-${compiled.family}.so`],
    );
    const { family, compiler, file } = compiled;
    expect(kernelsInUse({ XDG_CACHE_HOME: cache })).toMatchObject(
      file === null ? { family, compiler: null } : { family, compiler, file },
    );

    const gguf = folder.file("tiny.gguf");
    await writeTinyModel(gguf);
    const before = await gradientWith("packaged", gguf);
    const after = await gradientWith(file === null ? "packaged" : dirname(file), gguf);
    expect(cosine(before, after)).toBeGreaterThan(0.999_999);
  });
});

async function missingTools(): Promise<string[]> {
  const tools = ["git", "cmake", "make", "c++"];
  const works = (tool: string) =>
    promisify(execFile)(tool, ["--version"]).then(
      () => true,
      () => false,
    );
  const found = await Promise.all(tools.map(works));
  return tools.filter((_, index) => !found[index]);
}

/** Files of the only version's folder. */
async function leftIn(cache: string): Promise<string[]> {
  const kernels = join(cache, "rollout-fleet/kernels");
  const [version = ""] = await readdir(kernels);
  return readdir(join(kernels, version));
}

async function gradientWith(kernels: string, gguf: string): Promise<Float32Array> {
  vi.stubEnv("FLEET_KERNELS", kernels);
  const trainable = { kind: "lora", rank: 8, alpha: 16, targets: PROJECTIONS } as const;
  await using engine = await openGradientEngine({ gguf, device: "cpu", threads: 1, trainable });
  await engine.writeParameters(smallNumbers((await engine.readParameters()).length));
  await forwardBackward(engine, [{ tokens: randomTokens("kernels", 272, 200), from: 100 }]);
  return await engine.takeGradients();
}

function smallNumbers(length: number): Float32Array {
  const random = createRandom("kernels");
  return Float32Array.from({ length }, () => 0.1 * (random() - 0.5));
}
