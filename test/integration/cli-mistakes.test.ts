import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { encodeAdapter, readModelInfo } from "../../llama/index.ts";
import { type CommandResult, fleet, startFleetIn } from "../support/fleet-command.ts";
import { writeRunCheckpoint, writeRunFolder, writeRunInputs } from "../support/run-by-hand.ts";
import { tinyAdapter, writeTinyModel } from "../support/tiny-model.ts";

let folder: string;
let run: Record<string, unknown>;
const at = (name: string) => join(folder, name);
const inRuns = () => ["--runs", at("runs")];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fleet-mistakes-"));
  run = await writeRunInputs(folder);
  const model = await readFile(at("model.gguf"));
  await writeFile(at("half.gguf"), model.subarray(0, model.length / 2));
  const name = Buffer.from("llama", "latin1");
  model.set(Buffer.from("mamba", "latin1"), model.indexOf(name, model.indexOf("general.architecture")));
  await writeFile(at("mamba.gguf"), model);
  const adapter = tinyAdapter(await readModelInfo(at("model.gguf")));
  await writeFile(at("adapter.gguf"), encodeAdapter(adapter));
  await writeFile(at("none-at-all.ts"), "export const reward = 1;\n");
  await writeFile(at("empty.jsonl"), '{"id": 1}\n');
  await writeFile(at("half-bad.jsonl"), `${await readFile(at("train.jsonl"), "utf8")}nonsense\n`);
});

afterAll(() => rm(folder, { recursive: true }));

/** A run.yaml that works but for `changes`, dotted path → value. */
async function writeRun(changes: Readonly<Record<string, unknown>>): Promise<string> {
  const changed = structuredClone(run) as Record<string, Record<string, unknown>>;
  for (const [path, value] of Object.entries(changes)) {
    const [section = "", key = ""] = path.split(".");
    changed[section] = { ...changed[section], [key]: value };
  }
  await writeFile(at("changed.yaml"), stringify(changed));
  return at("changed.yaml");
}

/** The change that makes a module the reward. */
const rewardOf = (path: string) => ({
  "reward.components": [{ kind: "module", name: "own", weight: 1, path }],
});

function expectSentence({ code, stdout, stderr }: CommandResult, sentence: RegExp): void {
  expect(stderr).toMatch(/^fleet: /);
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  expect(code).toBe(2);
  expect(stdout).toBe("");
}

describe("a run.yaml that cannot work is answered in one sentence with exit code 2", {
  timeout: 60_000,
}, () => {
  it.each([
    ["a missing model", { "model.gguf": "none.gguf" }, /there is no file .*none\.gguf/],
    ["a truncated model", { "model.gguf": "half.gguf" }, /half\.gguf is truncated/],
    ["a model that is none", { "model.gguf": "train.jsonl" }, /train\.jsonl is not a GGUF/],
    ["another architecture", { "model.gguf": "mamba.gguf" }, /architecture "mamba"; only .* "llama"/],
    ["an adapter as model", { "model.gguf": "adapter.gguf" }, /is an adapter; a model is needed here/],
    [
      "a mistyped key",
      { "sampling.temprature": 1 },
      /sampling\.temprature: unknown key, did you mean "temperature"\?/,
    ],
    ["a wrong value", { "batch.group": 1 }, /batch\.group: .*>=2/],
    ["a missing dataset", { "dataset.train": ["none.jsonl"] }, /none\.jsonl cannot be read/],
    ["no usable line", { "dataset.train": ["empty.jsonl"] }, /empty\.jsonl.*line 1/s],
    ["too many bad lines", { "dataset.train": ["half-bad.jsonl"] }, /1 of 2 lines.*line 2/s],
    ["a missing reward", rewardOf("none.ts"), /the reward .*none\.ts cannot be loaded/],
    ["a reward that is none", rewardOf("none-at-all.ts"), /none-at-all\.ts has no function as its default/],
    [
      "a context too small for every prompt",
      { "model.contextTokens": 24 },
      /no prompt fits: .* at least \d+ are/,
    ],
  ])("%s", async (_, changes, sentence) => {
    const path = await writeRun(changes);

    expectSentence(await fleet("train", path, ...inRuns()), sentence);
  });
});

describe("a wrong command line ends with one sentence and exit code 2", { timeout: 60_000 }, () => {
  it.each([
    [["trian"], /unknown command 'trian' \(did you mean train\?\)/],
    [["train", "--stpes", "3"], /unknown option '--stpes' \(did you mean --steps\?\)/],
    [["train", "x.yaml", "--steps", "-1"], /It must be a whole number, 0 or more/],
    [["train"], /name a run\.yaml, such as examples\/demo\/run\.yaml, or give --resume/],
    [["train", "nowhere.yaml"], /nowhere\.yaml cannot be read/],
    [["stop"], /required option '--after-step <n>' not specified/],
    [["export", "adapter", "--out", "x", "--format", "onnx"], /Allowed choices are gguf, peft, merged-gguf/],
    [["sft", "nowhere.yaml"], /nowhere\.yaml cannot be read/],
    [["dataset", "check", "nowhere.jsonl"], /nowhere\.jsonl cannot be read/],
  ])("%j", async (args, sentence) => {
    const answer = await fleet(...args);

    expectSentence(answer, sentence);
    expect(answer.stderr.trim().split("\n")).toHaveLength(1);
  });

  it.each([["status"], ["ledger"], ["rollouts"], ["pause"], ["export", "adapter", "--out", "x"]])(
    "%s of a run that is not there",
    async (...command) => {
      expectSentence(
        await fleet(...command, "--runs", at("nothing"), "--run", "gone"),
        /there is no run gone in .*nothing/,
      );
    },
  );
});

it("a dataset without an instance is no dataset: check ends with exit code 2", {
  timeout: 60_000,
}, async () => {
  await writeFile(at("nothing.jsonl"), "");

  const { code, stdout } = await fleet("dataset", "check", at("nothing.jsonl"));

  expect(stdout).toContain("0 usable, 0 not");
  expect(code).toBe(2);
});

describe("a run that exists", { timeout: 60_000 }, () => {
  it("is not started a second time", async () => {
    await writeRunFolder(folder, run, "taken", {});

    const answer = await fleet("train", at("run.yaml"), ...inRuns(), "--run", "taken");

    expectSentence(answer, /the run taken exists in .*: give --resume to continue it/);
  });

  it("does not go on with another key than it had", async () => {
    await writeRunFolder(folder, run, "changed", {});
    const path = await writeRun({ "sampling.maxTokens": 8 });

    const answer = await fleet("train", path, "--resume", ...inRuns(), "--run", "changed");

    expectSentence(answer, /a run cannot change while it goes on:\n {2}sampling\.maxTokens: was 16, is 8/);
  });

  it.each([["status"], ["pause"], ["stop", "--after-step", "3"]])(
    "and is not running cannot be asked: %s",
    async (...command) => {
      await writeRunFolder(folder, run, "resting", {});

      const answer = await fleet(...command, ...inRuns(), "--run", "resting");

      expectSentence(
        answer,
        /the run resting is not running: "fleet train --resume --run resting" continues it/,
      );
    },
  );

  it("and has no coordinator while its nats-server is up is starting or closing", async () => {
    await using nats = await listen();
    await writeRunFolder(folder, run, "closing", { nats: { url: "", port: nats.port } });

    const answer = await fleet("status", ...inRuns(), "--run", "closing");

    expectSentence(answer, /the run closing is starting or closing, .*: ask again in a few seconds/);
  });

  it("cannot be made where a file is", async () => {
    const answer = await fleet("train", at("run.yaml"), "--runs", at("train.jsonl"), "--run", "no");

    expectSentence(
      answer,
      /the run's folder .*train\.jsonl\/no cannot be made \(ENOTDIR.*: name another place/,
    );
  });

  it.each(["gguf", "peft", "merged-gguf"])(
    "does not export to another base than its own: %s",
    async (format) => {
      const path = await writeRunFolder(folder, run, `exported-${format}`, {});
      await writeTinyModel(at("other.gguf"), { seed: 1 });
      await writeRunCheckpoint(path, at("other.gguf"));
      const args = ["--format", format, "--out", at("out"), ...inRuns(), "--run", `exported-${format}`];

      const answer = await fleet("export", "adapter", ...args);

      expectSentence(answer, /belongs to the base [0-9a-f]{64}, the model here is [0-9a-f]{64}/);
    },
  );
});

describe("nats-server and ports", { timeout: 60_000 }, () => {
  it("that is too old is refused before anything is made", async () => {
    await writeFile(at("old-nats"), "#!/bin/sh\necho 'nats-server: v2.10.29'\n");
    await chmod(at("old-nats"), 0o755);

    const { result } = startFleetIn(
      { NATS_SERVER_BIN: at("old-nats") },
      "train",
      at("run.yaml"),
      ...inRuns(),
      "--run",
      "old",
    );

    expectSentence(await result, /old-nats, but version 2\.10\.29 is older than 2\.14/);
    await expect(readFile(at("runs/old/run.yaml"))).rejects.toThrow("ENOENT");
  });

  it("that cannot be reached is named with its address", async () => {
    await using free = await listen();
    const nats = { url: `nats://127.0.0.1:${free.port}`, port: free.port };
    const path = await writeRunFolder(folder, run, "alone", { nats });
    await free[Symbol.asyncDispose]();

    const answer = await fleet("coordinator", "--config", join(path, "run.yaml"));

    expect(answer.code).toBe(2);
    expect(answer.stderr).toContain(`fleet: no nats-server answers at ${nats.url}`);
    expect(answer.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  });

  it.each(["nats", "coordinator"])("in use by another program: the %s port of a run", async (role) => {
    await using taken = await listen();
    const { port } = taken;
    const endpoint =
      role === "nats" ? { url: `nats://127.0.0.1:${port}`, port } : { host: "127.0.0.1", port };
    await writeRunFolder(folder, run, `taken-${role}`, { [role]: endpoint });

    const answer = await fleet("train", "--resume", ...inRuns(), "--run", `taken-${role}`);

    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(new RegExp(`^fleet: .*${port}.* in use`, "m"));
    expect(answer.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  });
});

/** Somebody else's server. */
async function listen(): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
