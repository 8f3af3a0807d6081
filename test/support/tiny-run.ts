import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { readArchive, type Summary, type Verification } from "../../coordinator/index.ts";
import type { RetrainedStep } from "../../updater/index.ts";
import { fleet } from "./fleet-command.ts";
import { writeTinyModel } from "./tiny-model.ts";

const INSTANCES = 8;
/** Where a random model's replies differ, so that every group has something to tell apart. */
const REWARD = "export default ({ reply }) => (reply.length % 8) / 8;\n";

/** Writes what a run of seconds takes: a random model, its data, a reward that always tells replies apart. */
export async function writeTinyInputs(folder: string): Promise<void> {
  await writeTinyModel(join(folder, "model.gguf"));
  await writeFile(join(folder, "reward.ts"), REWARD);
  await writeInstances(folder, "train.jsonl", INSTANCES);
}

/** Writes `count` instances with issues and right files of so many bytes. */
export async function writeInstances(
  folder: string,
  name: string,
  count: number,
  { issueBytes = 0, oracleBytes = 0 } = {},
): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) => {
    const about = { id: `${name}-${i}`, issue: `\`f${i}\` is wrong`.padEnd(issueBytes, "!") };
    const oracle = { "a.py": "a = 2\n".padEnd(oracleBytes, "#") };
    return JSON.stringify({ ...about, files: { "a.py": "a = 1\n" }, oracle });
  });
  await writeFile(join(folder, name), `${lines.join("\n")}\n`);
}

/**
 * Writes the run.yaml of a run of two small steps with the inputs of {@link writeTinyInputs}, `ack_wait` two seconds.
 *
 * @param changes - sections in place of its own
 * @returns its path
 */
export async function writeTinyRun(
  folder: string,
  name: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const run = {
    steps: 2,
    model: { gguf: "model.gguf", template: "raw", contextTokens: 256 },
    dataset: { train: ["train.jsonl"], prompt: "raw" },
    batch: { prompts: 2, group: 4, staleness: 1 },
    sampling: { maxTokens: 24 },
    leases: { ackWaitMs: 2_000 },
    reward: { components: [{ kind: "module", name: "length", weight: 1, path: "reward.ts" }] },
    worker: { policyPollMs: 500, presenceMs: 500, drainTimeoutMs: 10_000 },
    local: { workers: [{ device: "cpu", slots: 4 }], updater: { device: "cpu" } },
    ...changes,
  };
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, stringify(run));
  return path;
}

/** What `fleet train` is told to go on with a run, or to start it where it never got a configuration. */
export async function goOnWith(runs: string, run: string, file: string): Promise<string[]> {
  const begun = await readFile(join(runs, run, "run.yaml")).then(
    () => true,
    () => false,
  );
  return ["train", begun ? "--resume" : file, "--runs", runs, "--run", run];
}

/**
 * What is wrong with a run that should have ended with `steps` steps, lost nothing and counted nothing twice; one sentence
 * each.
 *
 * @param keepsAll - whether its archive has all its rollouts, so that it can be trained anew
 */
export async function problemsOf(
  runs: string,
  run: string,
  steps: number,
  keepsAll = true,
): Promise<string[]> {
  const chosen = ["--json", "--runs", runs, "--run", run];
  const summary = JSON.parse(await readFile(join(runs, run, "summary.json"), "utf8")) as Summary;
  const { stdout, stderr } = await fleet("ledger", "--verify", ...chosen);
  if (stdout === "") return [`fleet ledger --verify says: ${stderr}`];
  const verified = JSON.parse(stdout) as Verification;
  const rows = await readArchive(join(runs, run, "archive"), { sort: "sequence", atMost: 100_000 });

  const total = (column: (books: Summary["ledger"][number]) => number) =>
    summary.ledger.reduce((sum, books) => sum + column(books), 0);
  const same = (what: string, found: number, wanted: number) =>
    found === wanted ? [] : [`${what}: ${found} instead of ${wanted}`];
  return [
    ...verified.discrepancies,
    ...same("policy versions", summary.versions.length, steps + 1),
    ...same("newest version", summary.versions.at(-1)?.version ?? -1, steps),
    ...same(
      "outstanding",
      total((books) => books.outstanding),
      0,
    ),
    ...same(
      "waiting",
      total((books) => books.waiting),
      0,
    ),
    ...same(
      "ended samples",
      total((books) => books.accepted + books.rejected + books.expired),
      total((books) => books.issued),
    ),
    ...same(
      "used samples",
      total((books) => books.trained + books.skipped + books.evaluated),
      total((books) => books.accepted),
    ),
    ...same("samples in batches that trained", verified.trainedSamples, summary.ledger[0]?.trained ?? 0),
    ...(keepsAll
      ? [
          ...same(
            "archived rollouts",
            rows.length,
            total((books) => books.accepted),
          ),
          ...(await trainAnew(chosen)),
        ]
      : []),
  ];
}

async function trainAnew(chosen: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await fleet("ledger", "--retrain", ...chosen);
  if (stdout === "") return [`fleet ledger --retrain says: ${stderr}`];
  const otherwise = (JSON.parse(stdout) as RetrainedStep[]).filter(({ agrees }) => !agrees);
  return otherwise.map((step) => `trained anew it is another policy: ${JSON.stringify(step)}`);
}
