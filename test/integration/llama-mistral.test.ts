import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Adapter, encodeAdapter, readModelInfo } from "../../llama/index.ts";
import { writeMistralModel } from "../support/chat-models.ts";
import { loadAdapter } from "../support/cpu-engine.ts";
import { openDecoding } from "../support/decoding.ts";
import { float64Logps, readFloat64Llama } from "../support/float64-llama.ts";
import { largestDifference, openLoraEngine, someSequence } from "../support/gradients.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { tinyAdapter } from "../support/tiny-model.ts";

/** Turns of the user and of the assistant, one after the other, and no others. */
const TEMPLATE = `{{ bos_token }}{% for message in messages %}
{%- if message['role'] != ('user' if loop.index0 is even else 'assistant') %}
{{- raise_exception('a user and an assistant must take turns') }}
{%- elif message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}
{%- else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}`;

const batch = {
  temperature: 0.8,
  sequences: [0, 1, 2].map((seed) => someSequence(90 + seed, 12, 272, seed)),
};

let folder: TemporaryFolder;
let gguf: string;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  gguf = folder.file("mistral.gguf");
  await writeMistralModel(gguf, TEMPLATE);
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("a Mistral that its file calls a Llama", () => {
  it("has the shape that its metadata state", async () => {
    expect(await readModelInfo(gguf)).toMatchObject({
      name: "mistral",
      embedding: 64,
      heads: 8,
      kvHeads: 2,
      headSize: 16,
      ropeDimensions: 16,
      ropeBase: 1_000_000,
      endTokens: [2],
      addBos: true,
      bosText: "<s>",
      eosText: "</s>",
      specialTexts: ["<unk>", "<s>", "</s>"],
    });
  });

  it("has float64's log-probabilities to 1e-4 in both engines, under an adapter and under none", async () => {
    const adapter = tinyAdapter(await readModelInfo(gguf), { size: 0.1 });

    const gaps = await measureGaps(gguf, adapter);

    for (const { decoding, gradients } of gaps) {
      expect(decoding).toBeLessThan(1e-4);
      expect(gradients).toBeLessThan(1e-4);
    }
  });

  // llama.cpp does not read it of this architecture.
  it("sees all tokens before one, whatever window its file states", async () => {
    const windowed = folder.file("windowed.gguf");
    await writeMistralModel(windowed, TEMPLATE, 16);

    const gaps = await measureGaps(windowed, tinyAdapter(await readModelInfo(windowed), { size: 0.1 }));

    for (const { decoding, gradients } of gaps) expect(Math.max(decoding, gradients)).toBeLessThan(1e-4);
  });
});

describe("a conversation with it", () => {
  const [BEGIN, END] = [1, 2];

  it("goes through its own template, with one beginning", async () => {
    await using engine = await openDecoding(gguf, { slots: 2, template: "gguf" });

    const tokens = await engine.tokenizePrompt([
      { role: "user", content: "hi" },
      { role: "assistant", content: "hi" },
      { role: "user", content: "</s>" },
    ]);

    expect([...tokens].filter((token) => token < 3)).toEqual([BEGIN, END]);
    expect(tokens[0]).toBe(BEGIN);
  });

  it("begins with the system's text in the user's turn, as the template has no other place for it", async () => {
    await using engine = await openDecoding(gguf, { slots: 2, template: "gguf" });

    const withSystem = await engine.tokenizePrompt([
      { role: "system", content: "Be brief." },
      { role: "user", content: "hi" },
    ]);
    const folded = await engine.tokenizePrompt([{ role: "user", content: "Be brief.\n\nhi" }]);

    expect(withSystem).toEqual(folded);
  });

  it("is refused, in the template's words, where turns do not alternate", async () => {
    await using engine = await openDecoding(gguf, { slots: 2, template: "gguf" });

    const prompt = engine.tokenizePrompt([
      { role: "user", content: "hi" },
      { role: "user", content: "hi" },
    ]);

    await expect(prompt).rejects.toMatchObject({
      code: "llama.template_unusable",
      message: "the model's chat template refuses the messages: a user and an assistant must take turns",
    });
  });
});

/** How far both engines' log-probabilities are from float64's, under the adapter and under none. */
async function measureGaps(path: string, adapter: Adapter) {
  await using decoding = await openDecoding(path, { slots: 2 });
  await using gradients = await openLoraEngine(path);
  const id = await loadAdapter(decoding, encodeAdapter(adapter));
  const flat = Float32Array.from(adapter.tensors.flatMap(({ values }) => [...values]));
  const model = await readFloat64Llama(path);
  const loras = adapter.tensors.map(
    ({ name, rows, columns, values }) =>
      [name, { rows, columns, values: Float64Array.from(values) }] as const,
  );
  const adapted = { ...model, tensors: new Map([...model.tensors, ...loras]), loraScale: 2 };
  const gapsOf = async (expected: Float64Array, ours: Float32Array | "off", theirs: string) => {
    const wanted = Float32Array.from(expected);
    const scores = await Promise.all(
      batch.sequences.map((sequence) =>
        decoding.score({ ...sequence, adapter: theirs, temperature: batch.temperature }),
      ),
    );
    const scored = Float32Array.from(scores.flatMap(({ logpT }) => [...logpT]));
    const { logpT } = await gradients.forward(batch, ours);
    return {
      decoding: largestDifference(scored, wanted),
      gradients: largestDifference(logpT, wanted),
    };
  };
  return [
    await gapsOf(float64Logps(adapted, batch), flat, id),
    await gapsOf(float64Logps(model, batch), "off", ""),
  ];
}
