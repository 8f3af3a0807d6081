import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Engine,
  type EngineCompletion,
  type EngineTokens,
  writeTrainedModel,
} from "../../llama/index.ts";
import { beginning, openDecoding, somePrompt } from "../support/decoding.ts";
import { generateGroup, sampled, startGroup } from "../support/generation.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { tinyTokenizer, writeTinyModel } from "../support/tiny-model.ts";

const prompt = somePrompt(70);
const sampling = { temperature: 1, maxTokens: 40 };
const SAMPLES = Array.from({ length: 20 }, (_, sample) => sample);

let folder: TemporaryFolder;
let engine: Engine;
let completions: EngineCompletion[];
let prefilled: number;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  await writeTinyModel(folder.file("model.gguf"), { isTied: false });
  engine = await openDecoding(folder.file("model.gguf"), { slots: 6 });
  ({ completions } = await generateGroup(engine, { prompt, sampling, samples: SAMPLES }));
  prefilled = (await engine.status()).prefillTokens;
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe("a group", () => {
  it("has its prompt evaluated once, also when its samples wait for slots", async () => {
    expect(completions.map(({ sample }) => sample)).toEqual(SAMPLES);
    expect(prefilled).toBe(prompt.length);
  });

  it("has the prefixes of its samples evaluated besides, each once", async () => {
    const before = (await engine.status()).prefillTokens;
    const prefix = beginning(ofLength(40), 25);

    await generateGroup(engine, { prompt, sampling, samples: [ofLength(40).sample, 30, 31], prefix });

    expect((await engine.status()).prefillTokens - before).toBe(prompt.length + 25);
  });

  it("starts when the groups before it leave slots, in the order of its samples", async () => {
    await using narrow = await openDecoding(folder.file("model.gguf"), { slots: 1 });
    const order: string[] = [];
    const start = (name: string, samples: number[], maxTokens: number) =>
      narrow.generate(
        {
          task: name,
          prompt,
          samples: samples.map((sample) => ({ sample, key: { key: sample, stream: 0 } })),
          sampling: { temperature: 0, topK: 0, topP: 1, minP: 0, maxTokens, stop: [] },
        },
        { finished: ({ sample }) => void order.push(`${name}${sample}`), failed: () => {} },
      );

    await Promise.all([start("a", [2, 0, 1], 9).done, start("b", [0], 1).done, start("c", [5], 2).done]);

    expect(order).toEqual(["a2", "a0", "a1", "b0", "c5"]);
  });

  it("fits when all slots hold the longest prompts and completions there may be", async () => {
    const groups = SAMPLES.map((seed) =>
      generateGroup(engine, {
        prompt: somePrompt(128 - 40, seed),
        samples: [0, 1],
        sampling: { temperature: 0, maxTokens: 40 },
      }),
    );

    for (const { completions, failures } of await Promise.all(groups)) {
      expect(failures).toEqual([]);
      expect(completions).toHaveLength(2);
    }
  });

  it("without samples is done", async () => {
    expect(await generateGroup(engine, { samples: [] })).toMatchObject({ completions: [], failures: [] });
  });
});

describe("a completion", () => {
  it("has the text of its tokens, without the end token", () => {
    for (const { tokens, text } of completions) expect(text).toBe(bytesOf(tokens).toString("utf8"));
  });

  it("ends with the end token or at maxTokens, and nowhere else", () => {
    for (const { tokens, finish } of completions) {
      const ends = [...tokens].flatMap((token, index) =>
        engine.model.endTokens.includes(token) ? [index] : [],
      );
      expect(ends).toEqual(finish === "end" ? [tokens.length - 1] : []);
      expect(finish === "length").toBe(ends.length === 0 && tokens.length === 40);
    }
    expect(new Set(completions.map(({ finish }) => finish))).toEqual(new Set(["end", "length"]));
  });

  it("ends where a stop text is complete: its tokens are kept, the text is cut before it", async () => {
    const whole = ofLength(40);
    const stop = bytesOf(whole.tokens.subarray(20, 23)).toString("latin1");
    const at = bytesOf(whole.tokens).indexOf(stop, 0, "latin1");
    expect(stop).toMatch(/^[ -~]{3,}$/);

    const choice = { prompt, sampling: { ...sampling, stop: ["never said", stop] }, samples: [whole.sample] };
    const [stopped] = (await generateGroup(engine, choice)).completions;

    expect(stopped).toMatchObject({ finish: "stop", text: bytesOf(whole.tokens).toString("utf8", 0, at) });
    expect(stopped?.tokens).toEqual(whole.tokens.slice(0, 23));
  });

  it("whose prefix has the stop text is complete", async () => {
    const tokens = Int32Array.from(Buffer.from("so é bien", "utf8"), (byte) => byte + 1);
    const zeros = new Float32Array(tokens.length);
    const prefix = { tokens, logp: zeros, logq: new Float32Array(), entropy: zeros, spans: [] };

    const { completions } = await generateGroup(engine, { prompt, prefix, sampling: { stop: ["é b"] } });

    expect(completions).toMatchObject([{ tokens, text: "so ", finish: "stop" }]);
  });
});

describe("a sample that is cancelled", () => {
  it("is heard of no more, and leaves the others' tokens as they are", async () => {
    const group = startGroup(engine, { prompt, sampling, samples: SAMPLES });
    await sampled(engine, 10);
    const { cells, usedCells } = await engine.status();
    expect(usedCells).toBeGreaterThan(prompt.length);
    expect(usedCells).toBeLessThanOrEqual(cells);
    const cancelled = [completions.findIndex(({ finish }) => finish === "length"), 18, 19];
    for (const sample of cancelled) group.handle.cancel(sample);
    group.handle.cancel(1234);
    await group.handle.done;

    const others = SAMPLES.filter((sample) => !cancelled.includes(sample));
    expect(group.completions.map(({ sample }) => sample).sort((a, b) => a - b)).toEqual(others);
    for (const { sample, tokens } of group.completions) expect(tokens).toEqual(completions[sample]?.tokens);
    expect(await engine.status()).toMatchObject({ busySlots: 0, usedCells: 0, waitingSamples: 0 });
  });
});

describe("a sample that cannot be generated", () => {
  const unknown: EngineTokens = {
    tokens: Int32Array.of(5, 999_999),
    logp: new Float32Array(2),
    logq: new Float32Array(),
    entropy: new Float32Array(2),
    spans: [],
  };
  it.each([
    { errorClass: "prompt-empty", choice: { prompt: new Int32Array() }, message: "the prompt has no token" },
    {
      errorClass: "prompt-too-long",
      choice: { prompt: somePrompt(89), sampling },
      message: "the prompt of 89 tokens and a completion of 40 do not fit into the context of 128",
      contextTokens: 128,
    },
    {
      errorClass: "token-unknown",
      choice: { prompt: Int32Array.of(1, 272) },
      message: "token 272 is not one of the vocabulary's 272",
    },
    {
      errorClass: "token-unknown",
      choice: { prefix: unknown },
      message: "token 999999 is not one of the vocabulary's 272",
    },
  ])("fails as $errorClass: $message", async ({ errorClass, choice, message, contextTokens }) => {
    const beside = generateGroup(engine, { prompt, sampling, samples: [3] });

    const { completions: none, failures } = await generateGroup(engine, { ...choice, samples: [0, 1] });

    const failure = { errorClass, message, retry: false, contextTokens };
    expect(none).toEqual([]);
    expect(failures).toEqual([0, 1].map((sample) => ({ sample, failure })));
    expect((await beside).completions[0]?.tokens).toEqual(completions[3]?.tokens);
  });

  it("since its logits are not finite fails as such, to be tried again; scoring says so too", async () => {
    const broken = folder.file("broken.gguf");
    const weights = new Map([["output_norm.weight", new Float32Array(64).fill(Number.NaN)]]);
    await writeTrainedModel(broken, {
      base: folder.file("model.gguf"),
      type: "F32",
      weights,
      metadata: new Map(),
    });
    await using unwell = await openDecoding(broken, { slots: 2 });

    const { completions: none, failures } = await generateGroup(unwell, { samples: [0, 4] });

    expect(none).toEqual([]);
    expect(failures.map(({ failure }) => failure)).toEqual(
      [0, 4].map((sample) => ({
        errorClass: "non-finite-logits",
        message: `the logits for token 0 of sample ${sample} are not finite`,
        retry: true,
      })),
    );
    await expect(unwell.score({ tokens: prompt, from: 9, adapter: "", temperature: 1 })).rejects.toThrow(
      "the logits for token 9 are not finite",
    );
  });
});

const MERGES: [string, string][] = JSON.parse(tinyTokenizer(272)).model.merges;

/** The bytes that tokens of the tiny tokenizer stand for. */
function bytesOf(tokens: Int32Array): Buffer {
  return Buffer.concat(
    [...tokens].map((token) => {
      if (token === 0) return Buffer.alloc(0);
      return token <= 256 ? Buffer.of(token - 1) : Buffer.from(MERGES[token - 257]?.join("") ?? "");
    }),
  );
}

function ofLength(tokens: number): EngineCompletion {
  const found = completions.filter((completion) => completion.tokens.length === tokens);
  const isPlain = ({ tokens }: EngineCompletion) =>
    bytesOf(tokens.subarray(20, 23)).every((byte) => byte >= 0x20 && byte < 0x7f);
  return (found.find(isPlain) ?? found[0]) as EngineCompletion;
}
