import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { getPriority } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withDeadline } from "../../core/index.ts";
import { EngineDiedError, encodeAdapter } from "../../llama/index.ts";
import { withMetadata } from "../support/chat-models.ts";
import { loadAdapter } from "../support/cpu-engine.ts";
import { openDecoding, somePrompt } from "../support/decoding.ts";
import { sampled, startGroup } from "../support/generation.ts";
import { isAlive } from "../support/is-alive.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { tinyAdapter, writeTinyModel } from "../support/tiny-model.ts";

const DEADLINE_MS = 20_000;
const long = { prompt: somePrompt(20), sampling: { temperature: 1, maxTokens: 100 } };

let folder: TemporaryFolder;
let gguf: string;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  gguf = folder.file("model.gguf");
  await writeTinyModel(gguf);
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("an engine whose process is killed", () => {
  it("fails its open samples and calls with the same named error, and takes no more", async () => {
    await using engine = await openDecoding(gguf);
    const pid = await newestChild();
    const group = startGroup(engine, {
      ...long,
      samples: Array.from({ length: 200 }, (_, sample) => sample),
    });
    await sampled(engine, 20);

    const scoring = engine.score({ tokens: somePrompt(100), from: 1, adapter: "", temperature: 1 });
    process.kill(pid, "SIGKILL");
    const error = await inTime("the engine's end", engine.failed);

    await expect(scoring).rejects.toBe(error);
    await inTime("the group's end", group.handle.done);
    expect(error).toBeInstanceOf(EngineDiedError);
    expect(error).toMatchObject({ code: "llama.engine_died", disposition: "retry" });
    expect(error.message).toMatch(/^the decoding engine ended: signal SIGKILL/);
    expect(group.completions.length + group.failures.length).toBe(200);
    expect(group.failures.length).toBeGreaterThan(100);
    for (const { failure } of group.failures)
      expect(failure).toEqual({ errorClass: "engine-died", message: error.message, retry: true });
    await expect(engine.status()).rejects.toBe(error);
    await expect(engine.tokenizePrompt([{ role: "user", content: "a" }])).rejects.toBe(error);
    await expect(group.handle.handOver()).rejects.toBe(error);
    const late = startGroup(engine, long);
    await inTime("the late group's end", late.handle.done);
    expect(late.failures).toMatchObject([{ sample: 0, failure: { errorClass: "engine-died" } }]);
    await inTime("the process's end", untilGone(pid));
  });

  it("beside another leaves that one alone", async () => {
    await using well = await openDecoding(gguf);
    await using ill = await openDecoding(gguf);
    const pid = await newestChild();

    process.kill(pid, "SIGKILL");
    await inTime("the engine's end", ill.failed);

    expect(await well.status()).toMatchObject({ busySlots: 0 });
  });
});

describe("an engine that is disposed", () => {
  it("ends its process, fails open samples as closed and calls as cancelled", async () => {
    const engine = await openDecoding(gguf);
    const pid = await newestChild();
    await loadAdapter(engine, encodeAdapter(tinyAdapter(engine.model)));
    const group = startGroup(engine, { ...long, samples: Array.from({ length: 50 }, (_, sample) => sample) });
    await sampled(engine, 20);
    const scoring = engine.score({ tokens: somePrompt(100), from: 1, adapter: "", temperature: 1 });
    const cancelled = expect(scoring).rejects.toMatchObject({
      disposition: "cancelled",
      message: "the decoding engine was closed",
    });

    await inTime("the engine to close", engine[Symbol.asyncDispose]());

    await cancelled;
    await inTime("the group's end", group.handle.done);
    expect(isAlive(pid)).toBe(false);
    for (const { failure } of group.failures)
      expect(failure).toEqual({
        errorClass: "engine-closed",
        message: "the decoding engine was closed",
        retry: true,
      });
    expect(group.failures.length).toBeGreaterThan(0);
  });

  it("twice, or after its process died, is closed", async () => {
    const engine = await openDecoding(gguf);
    const pid = await newestChild();
    process.kill(pid, "SIGKILL");
    await inTime("the engine's end", engine.failed);

    await inTime("the engine to close", engine[Symbol.asyncDispose]());
    await inTime("the engine to close again", engine[Symbol.asyncDispose]());

    await expect(engine.status()).rejects.toThrow(/decoding engine/);
  });
});

describe("an engine's process", () => {
  it("is gone when the process that opened it is killed in the middle of decoding", async () => {
    const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", OPENER, gguf], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = await inTime("the engine to decode", once(parent.stdout.setEncoding("utf8"), "data"));
    const pid = Number(said);
    expect(isAlive(pid)).toBe(true);

    parent.kill("SIGKILL");

    await inTime("the parent's end", once(parent, "close"));
    await inTime("the engine's end", untilGone(pid));
  });

  it("yields to those that do not compute", async () => {
    await using _engine = await openDecoding(gguf);

    expect(getPriority(await newestChild())).toBe(10);
  });

  it("does not remain when llama.cpp cannot load the model, which is said in its own words", async () => {
    const before = await children();
    const odd = folder.file("odd.gguf");
    await withMetadata(odd, gguf, [["tokenizer.ggml.pre", { kind: "string", value: "unheard-of" }]]);

    await expect(openDecoding(odd)).rejects.toMatchObject({
      code: "llama.model_not_loaded",
      disposition: "reject",
      message: expect.stringMatching(/^cannot load .*odd\.gguf: .*unknown pre-tokenizer type: 'unheard-of'/),
    });
    await expect(openDecoding(folder.file("nothing.gguf"))).rejects.toThrow(
      /^there is no file .*nothing.gguf$/,
    );

    expect(await children()).toEqual(before);
  });
});

/** Opens an engine on the file that its argument names, decodes, and prints the engine's process id. */
const OPENER = `
  import { readFile } from "node:fs/promises";
  import { openDecoding } from ${JSON.stringify(new URL("../support/decoding.ts", import.meta.url).href)};
  import { sampled, startGroup } from ${JSON.stringify(new URL("../support/generation.ts", import.meta.url).href)};
  const engine = await openDecoding(process.argv[1]);
  startGroup(engine, { samples: Array.from({ length: 5000 }, (_, sample) => sample) });
  await sampled(engine, 20);
  const children = await readFile("/proc/self/task/" + process.pid + "/children", "utf8");
  process.stdout.write(children.trim());
  setInterval(() => {}, 1000);
`;

function inTime<T>(name: string, work: PromiseLike<T>): Promise<T> {
  return withDeadline(name, DEADLINE_MS, Promise.resolve(work));
}

async function children(): Promise<number[]> {
  const text = await readFile(`/proc/self/task/${process.pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}

async function newestChild(): Promise<number> {
  return (await children()).at(-1) as number;
}

/** A process tells nobody but its parent of its end, so it is asked for. */
async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}
