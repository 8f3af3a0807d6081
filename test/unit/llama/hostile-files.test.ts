import { describe, expect, it } from "vitest";
import { tokenizerMetadata } from "../../../llama/exports/tokenizer-file.ts";
import { ByteWriter } from "../../../llama/gguf/byte-writer.ts";
import { decodeAdapter } from "../../../llama/index.ts";
import { createTemplate } from "../../../llama/prompt/index.ts";
import { tinyTokenizer } from "../../support/tiny-model.ts";

const STRING = 8;
const ARRAY = 9;
const UINT8 = 0;

describe("a GGUF that somebody made to do harm is refused where it has", () => {
  it.each<[string, number, (writer: ByteWriter) => void, string]>([
    [
      "more keys than any model",
      70_000,
      (writer) => writer.padTo(1_000_000),
      "claims to have 70000 metadata keys",
    ],
    [
      "a text of megabytes",
      1,
      (writer) => {
        writer.text("key");
        writer.uint32(STRING);
        writer.text("x".repeat(5_000_000));
      },
      'metadata "key" is a text of 5000000 bytes',
    ],
    [
      "more items than any vocabulary",
      1,
      (writer) => {
        writer.text("key");
        writer.uint32(ARRAY);
        writer.uint32(UINT8);
        writer.uint64(3_000_000);
        writer.padTo(4_000_000);
      },
      'metadata "key" claims to have 3000000 items',
    ],
    [
      "a key that would act on a terminal",
      1,
      (writer) => {
        writer.text(`\x1b[2J${"k".repeat(100_000)}`);
        writer.uint32(99);
      },
      "has unknown kind 99",
    ],
  ])("%s", (_, pairs, write, words) => {
    const writer = new ByteWriter();
    writer.uint32(0x46554747);
    writer.uint32(3);
    writer.uint64(0);
    writer.uint64(pairs);
    write(writer);

    const read = () => decodeAdapter(writer.bytes());

    expect(read).toThrow(words);
    expect(read).toThrow(/^[^\p{Cc}]{1,499}$/u);
  });
});

describe("a chat template that somebody made to do harm is stopped where it", () => {
  const loop = "{% for a in range(99999) %}";

  it.each([
    ["goes on without end", `${loop.repeat(3)}${"{% endfor %}".repeat(3)}`, /takes more than 5 s or 64 MiB/],
    [
      "doubles a list for ever",
      "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      /makes a value of more than 4194304 characters/,
    ],
    [
      "doubles what is in a list for ever, and writes it out",
      "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
      /makes a value of more than 4194304 characters/,
    ],
    ["counts too far", "{% for a in range(999999999) %}{% endfor %}", /a range of 999999999 items is more/],
    [
      "raises a text of many lines",
      `{{ raise_exception('a\x1b${"b".repeat(9_000)}') }}`,
      /refuses the messages/,
    ],
  ])("%s", (_, template, words) => {
    const render = createTemplate({ kind: "file", template, bosText: "", eosText: "", specialTexts: [] });

    const prompt = () => render([{ role: "user", content: "hi" }]);

    expect(prompt).toThrow(words);
    expect(prompt).toThrow(/^[^\p{Cc}]{1,499}$/u);
  });
});

describe("a tokenizer that somebody made to do harm", () => {
  it("may have more special tokens than a call has arguments", () => {
    const json = JSON.parse(tinyTokenizer(257));
    const many = Array.from({ length: 150_000 }, (_, i) => ({
      id: 257 + i,
      content: `s${i}`,
      special: true,
    }));
    const text = JSON.stringify({ ...json, added_tokens: [...json.added_tokens, ...many] });

    expect(tokenizerMetadata(text, "it").get("tokenizer.ggml.eos_token_id")?.value).toBe(0);
  });

  it("is refused by its first fault where it has very many", () => {
    const json = JSON.parse(tinyTokenizer(257));
    json.model.merges = Array.from({ length: 100_000 }, () => 1);

    expect(() => tokenizerMetadata(JSON.stringify(json), "it")).toThrow(
      "model.merges: not a list of pairs of tokens",
    );
  });
});
