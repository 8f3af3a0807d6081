import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { widthOf } from "../../cli/show/visible.ts";
import { fleet } from "../support/fleet-command.ts";
import { hasPython } from "../support/python.ts";
import { replyWith } from "../support/replies.ts";
import { writeRunInputs } from "../support/run-by-hand.ts";
import { runInTerminal } from "../support/terminal.ts";

const FLEET = fileURLToPath(new URL("../../bin/fleet.mjs", import.meta.url));
const VECTORS = new URL("../fixtures/rewards/reward_vectors.jsonl", import.meta.url);

interface Vector {
  readonly id: string;
  readonly code_context: Readonly<Record<string, string>>;
  readonly oracle_new_content: Readonly<Record<string, string | null>>;
  readonly output: string;
  readonly expected_reward: number;
  readonly expected_error: string | null;
  readonly per_file: Readonly<Record<string, number>> | null;
}

let folder: string;
let vectors: Vector[];
const at = (name: string) => join(folder, name);
const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const inputs = (dataset = "d.jsonl", replies = "r.jsonl") => [
  "--dataset",
  at(dataset),
  "--replies",
  at(replies),
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-reward-"));
  const lines = (await readFile(VECTORS, "utf8")).trim().split("\n");
  vectors = lines.map((line): Vector => JSON.parse(line));
  const instances = vectors.map(({ id, code_context: files, oracle_new_content: oracle }) => {
    return { id, issue: "wrong", files, oracle };
  });
  const replies = vectors.map(({ id, output }) => ({ id, reply: output }));
  await writeFile(at("d.jsonl"), jsonl(instances));
  await writeFile(at("d.jsonl.zst"), zstdCompressSync(Buffer.from(jsonl(instances))));
  await writeFile(at("r.jsonl"), jsonl(replies));
  await writeFile(at("r.jsonl.gz"), gzipSync(Buffer.from(jsonl([...replies].reverse()))));
  await writeFile(at("one.jsonl"), jsonl([{ id: "partial", reply: vectors[1]?.output }]));
});

afterAll(() => rm(folder, { recursive: true }));

const expected = ({ id, expected_reward, expected_error, per_file }: Vector) => ({
  id,
  reward: expected_reward,
  error: expected_error,
  files: per_file ?? {},
});

describe("fleet reward score", { timeout: 60_000 }, () => {
  it.each([
    ["d.jsonl", "r.jsonl", () => vectors],
    ["d.jsonl.zst", "r.jsonl.gz", () => [...vectors].reverse()],
  ])("--json gives every vector of %s and %s its line, in the order of the replies", async (d, r, order) => {
    const { code, stdout, stderr } = await fleet(
      "reward",
      "score",
      ...inputs(d, r),
      "--json",
      "--threads",
      "2",
    );

    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual(order().map(expected));
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("shows a histogram, the verdicts counted, the worst and the best reply, and no bar where no terminal is", async () => {
    const { code, stdout, stderr } = await fleet("reward", "score", ...inputs(), "--threads", "1");

    expect(stdout).toMatch(/^49 replies to 49 tasks, mean reward 0\.\d{3}$/m);
    expect(stdout).toMatch(/^ +−1 +20 +40\.8 % +█+$/m);
    expect(stdout).toMatch(/^not-found +7 +14\.3 %$/m);
    expect(stdout).toMatch(/^── worst: no-tags, reply 1, line 6\nreward −1\.0000: tag:<think>: /m);
    expect(stdout).toMatch(/^── best: exact, reply 1, line 1\nreward 1\.0000: the true change$/m);
    expect(stdout).not.toContain("\u001b");
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("names each line that cannot be used, scores the others, and ends with exit code 2", async () => {
    const { output: reply } = vectors[0] as Vector;
    const lines = ["nonsense", { id: "gone", reply }, { id: "exact" }, { id: "exact", reply }];
    const long = { id: "exact", reply: "x".repeat(2 ** 20) };
    const text = [...lines, long, { id: "exact", reply }].map((line) =>
      typeof line === "string" ? line : JSON.stringify(line),
    );
    await writeFile(at("bad.jsonl"), text.join("\n"));

    const answer = await fleet(
      ...["reward", "score", ...inputs("d.jsonl", "bad.jsonl")],
      ...["--json", "--threads", "1", "--longest-line", "1"],
    );

    const bad = at("bad.jsonl");
    expect(answer.stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(`^${bad}:1: no valid JSON: .*nonsense`),
      `${bad}:2: the dataset has no instance "gone"`,
      `${bad}:3: "reply" is missing`,
      `${bad}:5: the line is longer than 1 MiB`,
      `fleet: ${bad}: 2 replies, 4 lines that cannot be used`,
    ]);
    expect(answer.stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(answer.code).toBe(2);
  });

  it("scores as the reward section of a run.yaml says", async () => {
    const run = await writeRunInputs(folder);
    await writeFile(at("discrete.yaml"), JSON.stringify({ ...run, reward: { form: "discrete" } }));

    const answer = await fleet(
      ...["reward", "score", ...inputs("d.jsonl", "one.jsonl")],
      ...["--json", "--config", at("discrete.yaml")],
    );

    expect(JSON.parse(answer.stdout)).toMatchObject({ id: "partial", reward: 0, error: null });
    expect(answer.code).toBe(0);
  });

  it("ends in order when whoever reads its lines has had enough", async () => {
    const many = Array.from({ length: 400 }, () => vectors.map(({ id, output }) => ({ id, reply: output })));
    await writeFile(at("many.jsonl"), jsonl(many.flat()));

    const child = spawn(FLEET, ["reward", "score", ...inputs("d.jsonl", "many.jsonl"), "--json"]);
    let stderr = "";
    child.stderr.on("data", (part: Buffer) => {
      stderr += part.toString();
    });
    child.stdout.once("data", () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once("close", resolve));

    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it.each([
    [["--replies", "none.jsonl"], /^fleet: the replies none\.jsonl cannot be read: there is no such file$/],
    [["--dataset", "none.jsonl"], /^fleet: the dataset none\.jsonl cannot be read: there is no such file$/],
    [["--config", "none.yaml"], /^fleet: none\.yaml cannot be read: name a run\.yaml/],
    [["--longest-line", "1000"], /^fleet: .*It must be 256 or less/],
    [["--threads", "0"], /^fleet: .*It must be a whole number, 1 or more/],
  ])("answers %j in one sentence with exit code 2", async (mistake, sentence) => {
    const { code, stdout, stderr } = await fleet("reward", "score", ...inputs(), ...mistake);

    expect(stderr.trimEnd()).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("fleet reward explain", { timeout: 60_000 }, () => {
  it("shows the nth reply to an instance: reward, similarity, both changes side by side", async () => {
    const replies = ["exact", "partial"].map((id) => {
      return { id: "partial", reply: vectors.find((vector) => vector.id === id)?.output };
    });
    await writeFile(at("two.jsonl"), jsonl(replies));

    const { code, stdout, stderr } = await fleet(
      ...["reward", "explain", ...inputs("d.jsonl", "two.jsonl"), "--id", "partial", "--nth", "2"],
    );

    expect(stderr).toBe("");
    expect(stdout).toMatch(/^── partial, reply 2, line 2\n\nreward 0\.6598: similarity to the true change/);
    expect(stdout).toMatch(/^ +0\.6598 {2}pkg\/cache\.py$/m);
    expect(stdout).toMatch(/^ *\d* \+ +if key not in self\.data: +≠/m);
    expect(stdout).toMatch(/≠ \+ +return self\.data\.get\(key\)$/m);
    expect(Math.max(...stdout.split("\n").map(widthOf))).toBeLessThanOrEqual(120);
    expect(code).toBe(0);
  });

  it("gives a script the whole verdict", async () => {
    const { stdout } = await fleet("reward", "explain", ...inputs(), "--id", "not-found", "--json");

    expect(JSON.parse(stdout)).toMatchObject({
      id: "not-found",
      verdict: { reward: -1, errorClass: "not-found", explanation: { mistake: { line: 8 } } },
    });
  });

  it.each([
    [["--id", "exat"], 'there is no reply to exat, did you mean "exact"?'],
    [["--id", "exact", "--nth", "2"], "there is no reply 2 to exact, the file has 1"],
  ])("answers %j in one sentence with exit code 2", async (mistake, sentence) => {
    const { code, stderr } = await fleet("reward", "explain", ...inputs(), ...mistake);

    expect(stderr).toBe(`fleet: ${sentence}\n`);
    expect(code).toBe(2);
  });
});

describe.runIf(hasPython())("on a terminal", { timeout: 60_000 }, () => {
  const evil = replyWith([{ path: "pkg/cache.py", search: "\u001b[2Jgone", replace: "x" }]);

  it("explain is in colour, fits the width, and lets nothing of a reply act", async () => {
    await writeFile(at("evil.jsonl"), jsonl([{ id: "exact", reply: evil }]));
    const explain = (id: string, replies: string) => [
      ...[FLEET, "reward", "explain", ...inputs("d.jsonl", replies)],
      ...["--id", id],
    ];

    const { code, output } = await runInTerminal(76, explain("partial", "one.jsonl"));
    const attacked = await runInTerminal(76, explain("exact", "evil.jsonl"));

    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken away
    const text = output.replace(/\u001b\[\d+m/g, "");
    expect(output).toContain("\u001b[32m+        if key not in");
    expect(Math.max(...text.split("\n").map(widthOf))).toBeLessThanOrEqual(76);
    expect(attacked.output).toContain("\\x1b[2Jgone");
    expect(attacked.output).not.toContain("\u001b[2J");
    expect(code).toBe(0);
  });

  it("explain is plain where NO_COLOR says so", async () => {
    const command = [FLEET, "reward", "explain", ...inputs("d.jsonl", "one.jsonl"), "--id", "partial"];

    const { output } = await runInTerminal(76, command, { NO_COLOR: "1" });

    expect(output).toContain("+        if key not in");
    expect(output).not.toContain("\u001b");
  });

  it("score draws a bar that is gone at the end", async () => {
    const { code, output } = await runInTerminal(100, [FLEET, "reward", "score", ...inputs()]);

    const [bar = "", report = ""] = output.split("49 replies to 49 tasks");
    expect(bar).toMatch(/█+░* \d+ % {2}\d+ replies {2}mean /);
    expect(bar).toContain("\u001b[2K");
    expect(report).not.toContain("░");
    expect(code).toBe(0);
  });
});
