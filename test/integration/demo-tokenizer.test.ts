import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { CURRICULUM, pairsOf } from "../../examples/demo/curriculum.ts";
import { createEncoder } from "../../examples/demo/tokenizer/encode.ts";
import { parseTokenizer } from "../../examples/demo/tokenizer/tokenizer.ts";
import { openEngine, writeFreshModel } from "../../llama/index.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";

it("llama.cpp gives the tokens that the demo's tokenizer gives, on 200 prompts and replies", async () => {
  await using folder = await openTemporaryFolder();
  const gguf = folder.file("model.gguf");
  const json = await readFile("examples/demo/tokenizer.json", "utf8");
  await writeFreshModel(gguf, TINY, json, 0);
  const encode = createEncoder(parseTokenizer(json));
  const texts = CURRICULUM.flatMap((phase) =>
    [...pairsOf(phase).take(50)].flatMap(({ prompt, completion }) => [prompt, completion]),
  );
  await using engine = await openEngine({
    gguf,
    device: "cpu",
    slots: 1,
    contextTokens: 512,
    threads: 1,
    template: "raw",
    exact: false,
  });

  const theirs = await Promise.all(
    texts.map((content) => engine.tokenizePrompt([{ role: "user", content }])),
  );

  expect(theirs.map((tokens) => [...tokens])).toEqual(texts.map(encode));
});

const TINY = {
  name: "tiny",
  layers: 1,
  embedding: 32,
  heads: 1,
  kvHeads: 1,
  feedForward: 32,
  contextTokens: 512,
  ropeBase: 10_000,
  normEpsilon: 1e-5,
  isTied: true,
};
