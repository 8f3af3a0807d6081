import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ArchivedRun, openArchivedRun } from "../support/archived-run.ts";
import { fleet } from "../support/fleet-command.ts";

const REPLY = 'a "quoted" reply,\nin two lines';

let run: ArchivedRun;
beforeAll(async () => {
  run = await openArchivedRun(
    "exported",
    [
      { instance: "one", reward: 0.5, text: REPLY, step: 1 },
      { instance: "two", reward: -1, errorClass: "not-found", step: 1 },
      { instance: "held", reward: 1, exact: true, lane: "eval", outcome: "evaluated", step: 0 },
    ],
    3,
  );
});
afterAll(() => run[Symbol.asyncDispose]());

/** The file that an export of these options writes. */
async function exported(what: string, name: string, ...more: readonly string[]): Promise<Buffer> {
  const out = run.folder.file(name);
  const { code, stdout, stderr } = await fleet("export", what, "--out", out, ...more, ...run.chosen);
  expect(code, stderr).toBe(0);
  const [path = ""] = stdout.split(": ");
  return readFile(path);
}

describe("fleet export", { timeout: 60_000 }, () => {
  it("writes rollouts as prompt, completion and reward for TRL, the prompt as the model read it", async () => {
    const lines = (await exported("rollouts", "trl.jsonl", "--format", "trl", "--lane", "train")).toString();

    const rows = lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.map(({ completion, reward }) => [completion, reward])).toEqual([
      [REPLY, 0.5],
      ["reply 1", -1],
    ]);
    expect(rows[0]).toMatchObject({ instance: "one", step: 1, sequence: 1 });
    expect(rows[0].prompt).toHaveLength(2); // A token of the tiny vocabulary is a byte.
  });

  it("writes rollouts whole as JSON lines", async () => {
    const [first, , third] = (await exported("rollouts", "whole.jsonl")).toString().split("\n");

    expect(JSON.parse(first ?? "")).toMatchObject({
      text: REPLY,
      outcome: "trained",
      tokens: [1, 2, 3],
      prompt_tokens: [4, 5],
      logp: [0, -0.5, -1],
      components: [{ name: "swe-rl", value: 0.5, weight: 1 }],
      explanation: { mistake: null, files: [] },
    });
    expect(JSON.parse(third ?? "")).toMatchObject({ lane: "eval", outcome: "evaluated", exact: true });
  });

  it("writes rollouts as a table, and only those of a step where one is asked for", async () => {
    const table = (await exported("rollouts", "table.csv", "--format", "csv")).toString();
    const none = (await exported("rollouts", "none.csv", "--format", "csv", "--step", "7")).toString();

    const [header = "", first = ""] = table.split("\r\n");
    expect(header.split(",").slice(0, 3)).toEqual(["sequence", "lane", "task"]);
    expect(first).toMatch(/^1,train,t0,/);
    expect(table).toContain('"a ""quoted"" reply,\nin two lines"');
    expect(table.split("\r\n")).toHaveLength(3 + 2);
    expect(none).toBe(`${header}\r\n`);
  });

  it("writes what was measured of each step as a table and as TensorBoard's events", async () => {
    const table = (await exported("metrics", "metrics.csv")).toString();
    const events = await exported("metrics", "logs", "--format", "tensorboard");

    expect(table.split("\r\n")[0]).toMatch(/^step,ended_at,train\/reward,/);
    expect(table.split("\r\n")[3]).toMatch(/^3,,0\.3/);
    const records = recordsOf(events);
    expect(records[0]?.toString("latin1")).toContain("brain.Event:2");
    // Tag and value of the first: field 1 of a Value, then a float in field 2.
    const reward = Buffer.concat([Buffer.from("\n\x0ctrain/reward\x15", "latin1"), float(0.1)]);
    expect(records[1]?.includes(reward)).toBe(true);
    expect(records).toHaveLength(1 + 3 * 23 + 2 * 3);
  });

  it("draws the curves of a run", async () => {
    const out = run.folder.file("curves.svg");
    const { code, stderr } = await fleet("plot", "--out", out, ...run.chosen);
    const picture = await readFile(out, "utf8");

    expect(code, stderr).toBe(0);
    expect(picture).toContain("exported, 3 steps");
    expect(picture.match(/<polyline/g)).toHaveLength(15);
    expect(picture).not.toContain("NaN");
  });
});

/** The events of a file, whose checksums are computed here bit by bit. */
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 8)).toBe(maskedChecksum(file.subarray(at, at + 8)));
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedChecksum(data));
    records.push(data);
    at += 12 + length + 4;
  }
  return records;
}

/** CRC-32C by long division; of "123456789" it is 0xe3069283. */
function checksum(bytes: Uint8Array): number {
  let rest = 0xffffffffn;
  for (const byte of bytes) {
    rest ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) rest = rest & 1n ? (rest >> 1n) ^ 0x82f63b78n : rest >> 1n;
  }
  return Number(rest ^ 0xffffffffn);
}

function maskedChecksum(bytes: Uint8Array): number {
  expect(checksum(Buffer.from("123456789"))).toBe(0xe3069283);
  const crc = BigInt(checksum(bytes));
  return Number((((crc >> 15n) | (crc << 17n)) & 0xffffffffn) + 0xa282ead8n) % 2 ** 32;
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
