import { readFileSync } from "node:fs";
import { readRunConfig } from "../../../../cli/read-run-config.ts";
import { tokenizerMetadata } from "../../../../llama/exports/tokenizer-file.ts";
import { createTemplate } from "../../../../llama/prompt/index.ts";
import { LLAMA3_TEMPLATE } from "../../../support/chat-models.ts";
import { tinyTokenizer } from "../../../support/tiny-model.ts";
import { below, type FuzzTarget, pickOf, type Random } from "../target.ts";

/** The run's configuration. All its problems are told at once, a line each. */
export const runConfig: FuzzTarget = {
  name: "run-yaml",
  samples: () => ["examples/demo/run.yaml", "examples/llama-3-8b.yaml"].map((path) => readFileSync(path)),
  lie: lyingYaml,
  mostLines: 32,
  read: async (_, fileOf) => {
    await readRunConfig(await fileOf("run.yaml"));
    return [];
  },
};

/** A tokenizer in Hugging Face's format. */
export const tokenizer: FuzzTarget = {
  name: "tokenizer",
  samples: () => [Buffer.from(tinyTokenizer(262))],
  lie: lyingTokenizer,
  read: (input) => {
    tokenizerMetadata(Buffer.from(input).toString(), "the tokenizer");
    return [];
  },
};

/** A chat template, of a GGUF or a file. */
export const template: FuzzTarget = {
  name: "template",
  allowanceMiB: 640, // A template may build the longest text that V8 has before it is stopped.
  samples: () => [Buffer.from(LLAMA3_TEMPLATE), Buffer.from(PLAIN_TEMPLATE)],
  lie: lyingTemplate,
  read: (input) => {
    const tokens = { bosText: "<s>", eosText: "</s>", specialTexts: ["<s>", "</s>", "<|eot_id|>"] };
    const render = createTemplate({ kind: "file", template: Buffer.from(input).toString(), ...tokens });
    render([
      { role: "system", content: "be brief" },
      { role: "user", content: " what is `f`?\n" },
    ]);
    return [];
  },
};

const PLAIN_TEMPLATE =
  "{% set ns = namespace(n=0) %}{% for m in messages %}{% if m.role == 'user' %}U: {% endif %}{{ m['content'] }}\n{% endfor %}";

function lyingYaml(random: Random): Uint8Array {
  const many = 1 + below(random, 20_000);
  const aliases = Array.from({ length: 9 }, (_, i) =>
    i === 0 ? "a0: &a0 [x,x,x,x,x,x,x,x,x]" : `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`,
  );
  return Buffer.from(
    pickOf(random, [
      () => aliases.join("\n"),
      () => "a: &a [*a]",
      () => "[".repeat(many),
      () => "- ".repeat(many),
      () => "{a: ".repeat(many),
      () => Array.from({ length: many }, (_, i) => `key${i}: 1`).join("\n"),
      () => `seed: 0\nseed: 1\nsteps: "${"s".repeat(many)}"`,
      () => `"${"k".repeat(many)}\\x1b": 1`,
      () => `seed: ${"9".repeat(many)}`,
      () => `steps: !!js/function ${"x".repeat(many)}`,
      () => `? ${"[".repeat(below(random, 50))}\n: \x1b`,
      () => `local: { workers: [${"{ device: x, count: -1 },".repeat(many % 3_000)}] }`,
      () => "\u0000\u0001".repeat(many),
      () => "%YAML 9.9\n---\n---\n---",
    ])(),
  );
}

function lyingTokenizer(random: Random): Uint8Array {
  const many = 1 + below(random, 300_000);
  const parts = JSON.parse(tinyTokenizer(257));
  const list = (item: (index: number) => string) =>
    `[${Array.from({ length: many }, (_, i) => item(i)).join(",")}]`;
  const json = JSON.stringify(parts);
  return Buffer.from(
    pickOf(random, [
      () => json.replace('"merges":[]', `"merges":${list(() => "1")}`),
      () => json.replace('"added_tokens":[', `"added_tokens":[${"1,".repeat(many)}`),
      () => json.replace('"added_tokens":[', `"added_tokens":[${specials(many)}`),
      () =>
        json.replace(
          '"vocab":{',
          `"vocab":{${Array.from({ length: many }, (_, i) => `"${i}":"x"`).join(",")},`,
        ),
      () => json.replace('"vocab":{', `"vocab":{"${"\\u001b".repeat(many % 5_000)}":"x",`),
      () => json.replace('"vocab":{', '"vocab":{"__proto__":5,"q":9007199254740991,'),
      () => "[".repeat(many),
    ])(),
  );
}

function specials(many: number): string {
  return Array.from({ length: many }, (_, i) => `{"id":${300 + i},"content":"s${i}","special":true},`).join(
    "",
  );
}

function lyingTemplate(random: Random): Uint8Array {
  const many = 1 + below(random, 20_000);
  const loop = "{% for a in range(9999) %}";
  return Buffer.from(
    pickOf(random, [
      () => `${loop.repeat(4)}${"{% endfor %}".repeat(4)}`,
      () => "{% for a in range(999999999) %}x{% endfor %}",
      () =>
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
      () => "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      () =>
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
      () => `${loop}{{ 'x' * 99999 }}{% endfor %}`,
      () => "{{ 'x' * 999999999 }}",
      () => "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
      () => `{{ ${"(".repeat(many)}1${")".repeat(many)} }}`,
      () => `{{ ${"[".repeat(many)}`,
      () => "{% if a %}".repeat(many),
      () => `{{ raise_exception('${"x".repeat(many)}\x1b[2J') }}`,
      () => "{{ raise_exception('a\nb') }}",
      () => "{{ messages[0].content.constructor('return process')() }}",
      () => `{{ 'a' | replace('', '${"b".repeat(1_000)}') | tojson(indent=999999) }}`,
      () => "{{ range(1, 2, 0) }}{{ range('a') }}{{ range(0, 10, -1) }}",
    ])(),
  );
}
