import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findReply } from "../../../cli/find-reply.ts";
import { readReplies } from "../../../cli/read-replies.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replies-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function read(path: string, longestMebibytes = 16) {
  return Array.fromAsync(readReplies(path, { longestMebibytes }));
}

describe("a file of replies", () => {
  const text =
    '{"id": "a", "reply": "one"}\n\n{"id": "b", "reply": "two", "seed": 3}\r\n{"id": "a", "reply": ""}';
  const replies = [
    { line: 1, id: "a", text: "one" },
    { line: 3, id: "b", text: "two" },
    { line: 4, id: "a", text: "" },
  ];

  it.each([
    ["r.jsonl", (bytes: Buffer) => bytes],
    ["r.jsonl.gz", gzipSync],
    ["r.jsonl.zst", zstdCompressSync],
  ])(
    "is read line by line from %s; blank lines are none, further fields are left alone",
    async (name, pack) => {
      const path = await fileOf(name, pack(Buffer.from(text)));

      expect(await read(path)).toEqual(replies);
    },
  );

  it.each([
    ["nonsense", /^no valid JSON: /],
    ['{"id": "a", "reply": "x"', /^no valid JSON: /],
    ["[1]", /^no JSON object with "id" and "reply"$/],
    ["null", /^no JSON object with "id" and "reply"$/],
    ['{"reply": "x"}', /^"id" is missing$/],
    ['{"id": "a", "repyl": "x"}', /^"reply" is missing, is it "repyl"\?$/],
    ['{"id": 7, "reply": null}', /^"id" is no text; "reply" is no text$/],
    ["{}", /^"id" is missing; "reply" is missing$/],
  ])("answers the line %s with its number and one sentence, and goes on", async (line, reason) => {
    const path = await fileOf("bad.jsonl", `${line}\n{"id": "a", "reply": "x"}\n`);

    expect(await read(path)).toEqual([
      { line: 1, reason: expect.stringMatching(reason) },
      { line: 2, id: "a", text: "x" },
    ]);
  });

  it("refuses bytes that are no UTF-8", async () => {
    const path = await fileOf("latin.jsonl", Buffer.from('{"id": "é", "reply": "x"}', "latin1"));

    expect(await read(path)).toEqual([{ line: 1, reason: "no valid UTF-8" }]);
  });

  it("refuses a line longer than allowed, compressed or not, and reads the next", async () => {
    const line = (length: number) => {
      const empty = JSON.stringify({ id: "a", reply: "" });
      return JSON.stringify({ id: "a", reply: "x".repeat(length - empty.length) });
    };
    const content = Buffer.from(`${line(2 ** 20)}\n${line(2 ** 20 + 1)}\n${line(40)}\n`);
    const expected = [
      { line: 1, id: "a", text: expect.any(String) },
      { line: 2, reason: "the line is longer than 1 MiB" },
      { line: 3, id: "a", text: expect.any(String) },
    ];

    expect(await read(await fileOf("long.jsonl", content), 1)).toEqual(expected);
    expect(await read(await fileOf("long.jsonl.zst", zstdCompressSync(content)), 1)).toEqual(expected);
  });

  it("says how many bytes were read, all of them at the end", async () => {
    const content = gzipSync(Buffer.from(text));
    const path = await fileOf("counted.jsonl.gz", content);
    const counts: number[] = [];

    await Array.fromAsync(readReplies(path, { longestMebibytes: 1, onRead: (bytes) => counts.push(bytes) }));

    expect(counts.at(-1)).toBe(content.length);
  });

  it.each([
    ["none.jsonl", /^the replies .*none\.jsonl cannot be read: there is no such file$/],
    ["damaged.jsonl.gz", /^the replies .* cannot be read: it is damaged, or not gzip as its name says$/],
  ])("is answered in one sentence where it cannot be read: %s", async (name, sentence) => {
    await fileOf("damaged.jsonl.gz", Buffer.from("no gzip"));

    await expect(read(join(folder, name))).rejects.toThrow(sentence);
  });
});

describe("a reply that is looked for", () => {
  async function* replies() {
    yield { line: 1, id: "task-1", text: "first" };
    yield { line: 2, reason: "no valid JSON" };
    yield { line: 3, id: "task-2", text: "other" };
    yield { line: 4, id: "task-1", text: "second" };
  }

  it("is the nth to its instance", async () => {
    expect(await findReply(replies(), "task-1", 2)).toEqual({ line: 4, id: "task-1", text: "second" });
  });

  it("may not be there: then it is said how many there are, or which instance was meant", async () => {
    await expect(findReply(replies(), "task-1", 3)).rejects.toThrow(
      "there is no reply 3 to task-1, the file has 2",
    );
    await expect(findReply(replies(), "taks-2", 1)).rejects.toThrow(
      'there is no reply to taks-2, did you mean "task-2"?',
    );
    await expect(findReply(replies(), "something else", 1)).rejects.toThrow(
      /^there is no reply to something else$/,
    );
  });
});
