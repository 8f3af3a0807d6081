import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Engine, type EngineCompletion, encodeAdapter, readModelInfo } from "../../llama/index.ts";
import { loadAdapter } from "../support/cpu-engine.ts";
import { openDecoding, somePrompt } from "../support/decoding.ts";
import { generateGroup } from "../support/generation.ts";
import { largestDifference } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { tinyAdapter, writeTinyModel } from "../support/tiny-model.ts";

const prompt = somePrompt(30);
const BASE = { version: 0, adapter: "" };
const sampling = { temperature: 0.9, maxTokens: 60 };

let folder: TemporaryFolder;
let engine: Engine;
let files: Uint8Array[];
let first: { version: number; adapter: string };
let second: { version: number; adapter: string };
beforeAll(async () => {
  folder = await openTemporaryFolder();
  await writeTinyModel(folder.file("model.gguf"), { isTied: false });
  engine = await openDecoding(folder.file("model.gguf"), { slots: 2 });
  files = [0, 1].map((seed) => encodeAdapter(tinyAdapter(engine.model, { seed })));
  const [one = "", two = ""] = await Promise.all(files.map((file) => loadAdapter(engine, file)));
  first = { version: 1, adapter: one };
  second = { version: 2, adapter: two };
});
beforeEach(() => engine.activate(BASE, "recompute"));
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe("an adapter", () => {
  it("is on or off in score() as asked, whatever is active", async () => {
    const request = { tokens: somePrompt(50), from: 1, temperature: 1 };
    const score = async (adapter: string) => (await engine.score({ ...request, adapter })).logpT;
    const before = [await score(""), await score(first.adapter), await score(second.adapter)];

    await engine.activate(second, "keep");

    expect(await score(second.adapter)).toEqual(before[2]);
    expect(await score("")).toEqual(before[0]);
    expect(await score(first.adapter)).toEqual(before[1]);
    expect(largestDifference(before[0] as Float32Array, before[1] as Float32Array)).toBeGreaterThan(0.5);
    expect(largestDifference(before[1] as Float32Array, before[2] as Float32Array)).toBeGreaterThan(0.5);
  });

  it("that is active gives what score() says under it, in one span of its policy", async () => {
    await engine.activate(first, "keep");

    const { completions } = await generateGroup(engine, { prompt, sampling, samples: [0, 1, 2] });

    for (const completion of completions) {
      expect(completion.spans).toEqual([{ from: 0, policy: first }]);
      expect(await gapUnder(first.adapter, completion, 0)).toBeLessThan(1e-5);
    }
    expect((await engine.status()).policy).toEqual(first);
  });

  it("of another base is refused in one sentence", async () => {
    await writeTinyModel(folder.file("other.gguf"), { seed: 1 });
    const other = await readModelInfo(folder.file("other.gguf"));

    await expect(loadAdapter(engine, encodeAdapter(tinyAdapter(other)))).rejects.toMatchObject({
      code: "llama.adapter_unusable",
      message: expect.stringMatching(
        new RegExp(
          `^adapter [0-9a-f]{64} belongs to the base ${other.digest}, the model here is ${engine.model.digest}$`,
        ),
      ),
    });
  });

  it("that is not what its digest says is refused", async () => {
    const wrong = "0".repeat(64);

    await expect(engine.loadAdapter(wrong, files[0] as Uint8Array)).rejects.toThrow(
      `adapter ${wrong} arrived with the digest ${first.adapter}`,
    );
  });

  it("is loaded as it arrives; one whose bytes end with an error is not", async () => {
    const file = encodeAdapter(tinyAdapter(engine.model, { seed: 9 }));
    const adapter = createHash("sha256").update(file).digest("hex");
    const arriving = async function* (error?: Error) {
      yield file.subarray(0, 1_000);
      if (error) throw error;
      yield file.subarray(1_000);
    };
    const request = { tokens: somePrompt(50), from: 1, temperature: 1, adapter };

    await expect(engine.loadAdapter(adapter, arriving(new Error("the link was cut")))).rejects.toThrow(
      "was cut",
    );
    await expect(engine.score(request)).rejects.toThrow("is not loaded");
    await engine.loadAdapter(adapter, arriving());

    expect((await engine.score(request)).logpT).toHaveLength(49);
  });

  it("that is loaded twice is loaded", async () => {
    const request = { tokens: somePrompt(50), from: 1, temperature: 1, adapter: first.adapter };
    const before = await engine.score(request);

    await loadAdapter(engine, files[0] as Uint8Array);

    expect(await engine.score(request)).toEqual(before);
  });

  it("that is not loaded cannot be activated, and what is active stays", async () => {
    await expect(engine.activate({ version: 9, adapter: "unheard-of" }, "keep")).rejects.toThrow(
      "adapter unheard-of is not loaded",
    );
    expect((await engine.status()).policy).toEqual(BASE);
  });

  it("that is dropped while it is active serves on until another is", async () => {
    const dropped = { version: 3, adapter: await loadAdapter(engine, otherAdapter()) };
    await engine.activate(dropped, "keep");
    await engine.dropAdapter(dropped.adapter);

    const { completions } = await generateGroup(engine, { prompt, sampling });
    await engine.activate(BASE, "keep");

    expect(completions[0]?.spans).toEqual([{ from: 0, policy: dropped }]);
    await expect(engine.activate(dropped, "keep")).rejects.toThrow("is not loaded");
    await loadAdapter(engine, otherAdapter());
    await engine.activate(dropped, "keep");
    expect(await gapUnder(dropped.adapter, completions[0] as EngineCompletion, 0)).toBeLessThan(1e-5);
  });
});

/** By how much the recorded log-probabilities of tokens differ from those of the whole text under an adapter. */
async function gapUnder(adapter: string, { tokens, logp }: EngineCompletion, from: number, to?: number) {
  const { logpT } = await engine.score({
    tokens: Int32Array.of(...prompt, ...tokens),
    from: prompt.length,
    adapter,
    temperature: sampling.temperature,
  });
  return largestDifference(logp.slice(from, to), logpT.slice(from, to));
}

function otherAdapter(): Uint8Array {
  return encodeAdapter(tinyAdapter(engine.model, { seed: 7 }));
}
