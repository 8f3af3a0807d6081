import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { parseYaml } from "../../../cli/read-run-config.ts";
import { RunFolder } from "../../../cli/run-folder.ts";
import { ConfigError } from "../../../core/index.ts";
import { openTemporaryFolder } from "../../support/temporary-folder.ts";

const BOMB = Array.from({ length: 9 }, (_, i) =>
  i === 0 ? "a0: &a0 [x,x,x,x,x,x,x,x,x]" : `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`,
).join("\n");

describe("YAML that somebody made to do harm", () => {
  it.each([
    ["names itself again and again", BOMB, "Excessive alias count"],
    ["nests without end", "- ".repeat(10_000), "is not YAML"],
    ["is too long", "k: 1\n".repeat(10_000), "has 50000 characters, a configuration at most 32768"],
    ["would act on a terminal", 'a: "\x1b', "is not YAML"],
  ])("is refused as no configuration where it %s", (_, text, words) => {
    const parse = () => parseYaml(text, "run.yaml");

    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(words);
    expect(parse).toThrow(/^[^\p{Cc}]*(\n[^\p{Cc}]*){0,5}$/u);
  });
});

describe("endpoints.json", () => {
  it.each([
    "null",
    "[]",
    '{"nats":{}}',
    '{"coordinator":{"host":"h","port":"80"}}',
    '{"nats":{"url":"u","port":0}}',
  ])("that holds %s is damaged", async (text) => {
    await using folder = await openTemporaryFolder();
    const path = folder.file("endpoints.json");
    await writeFile(path, text);

    await expect(new RunFolder(dirname(path), ".").endpoints()).rejects.toThrow(`${path} is damaged`);
  });
});
