import { basename, dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { stringify } from "yaml";
import { ConfigError, crashPoint, openWatchdog, writeFileDurably } from "../../core/index.ts";
import { findNatsServer } from "../../transport/index.ts";
import { checkTls } from "../check-tls.ts";
import { EXIT } from "../exit.ts";
import { createSecrets, runLocally } from "../local/index.ts";
import { runsOption } from "../open-run.ts";
import { parseCount, parseUrl } from "../parse.ts";
import { checkBeforeRun } from "../preflight.ts";
import { note, print, printJson } from "../print.ts";
import { readRunConfig } from "../read-run-config.ts";
import { readSummary } from "../read-summary.ts";
import { assertMayResume } from "../resume-config.ts";
import type { RunConfig } from "../run-config.ts";
import { assertLedgerThere, createRunFolder, findRunFolder, type RunFolder } from "../run-folder.ts";
import { memoryLines } from "../run-memory.ts";
import { openRunSignals } from "../run-signals.ts";
import { runReport } from "../show/run-report.ts";
import { openRunView } from "../show/run-view.ts";

interface TrainOptions {
  readonly steps?: number;
  readonly seed?: number;
  readonly run?: string;
  readonly runs: string;
  readonly resume?: true;
  readonly fromStep?: number;
  readonly dryRun?: true;
  readonly metrics?: true;
  readonly otlp?: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  fleet train examples/demo/run.yaml
  fleet train run.yaml --dry-run          what it would do, and what that takes
  fleet train run.yaml --steps 100
  fleet train --resume                    continue the newest run where it was
  fleet train run.yaml --resume --run x   continue x with changed steps, workers or checkpoints
  fleet train --resume --from-step 12     go on from the policy of step 12`;

/** `fleet train`: a whole run on this machine. */
export function addTrainCommand(program: Command): void {
  program
    .command("train")
    .argument("[run.yaml]", "what to train, on what, how; may be left out with --resume")
    .description("train on this machine: nats-server, coordinator, workers and updater, each a process")
    .option("--steps <n>", "optimizer steps, in place of the file's", parseCount)
    .option("--seed <n>", "in place of the file's", parseCount)
    .option("--resume", "continue a run where it was")
    .option(
      "--from-step <n>",
      "with --resume: go back to the policy of step n and train on from it",
      parseCount,
    )
    .option("--metrics", "every process serves its metrics on loopback; endpoints.json names the ports")
    .option("--otlp <url>", "send metrics and traces there by OTLP, such as http://localhost:4318", parseUrl)
    .option("--dry-run", "print the whole configuration, what fits, and what disk and memory it takes")
    .addOption(new Option("--run <id>", "name of the run; else made from the file's name and the time"))
    .addOption(runsOption())
    .option("--json", "print the summary as JSON at the end")
    .addHelpText("after", EXAMPLES)
    .action(train);
}

async function train(file: string | undefined, options: TrainOptions): Promise<void> {
  const given = file === undefined ? null : withOptions(await readRunConfig(file), options);
  if (options.dryRun) return dryRun(given);
  if (options.fromStep !== undefined && !options.resume) throw new ConfigError("--from-step needs --resume");
  const { path: natsServer } = await findNatsServer({ onProgress: note });
  const { folder, config } = options.resume
    ? await reopen(given, options)
    : await prepare(file, given, options);

  process.exitCode = await runAndReport(folder, config, natsServer, options);
}

async function dryRun(config: RunConfig | null): Promise<void> {
  if (config === null) throw new ConfigError("--dry-run needs a run.yaml");
  const facts = await checkBeforeRun(config);
  const lines = [...facts.findings, ...(await memoryLines(config, facts))];
  print(`${stringify(config).trimEnd()}\n\n${lines.join("\n")}`);
}

async function prepare(
  file: string | undefined,
  config: RunConfig | null,
  options: TrainOptions,
): Promise<{ folder: RunFolder; config: RunConfig }> {
  if (file === undefined || config === null) {
    throw new ConfigError("name a run.yaml, such as examples/demo/run.yaml, or give --resume");
  }
  await checkBeforeRun(config);
  const folder = await createRunFolder(options.runs, options.run ?? newRunId(file));
  crashPoint("train.after-folder");
  await createSecrets(folder);
  crashPoint("train.after-secrets");
  await writeConfig(folder, config);
  crashPoint("train.after-config");
  return { folder, config };
}

async function reopen(
  given: RunConfig | null,
  options: TrainOptions,
): Promise<{ folder: RunFolder; config: RunConfig }> {
  const folder = await findRunFolder(options.runs, options.run);
  await assertLedgerThere(folder);
  const before = await readRunConfig(folder.config);
  const config = withOptions(given ?? before, options);
  assertMayResume(before, config);
  await checkTls(config.tls);
  if (options.fromStep !== undefined) await assertStepsLeft(folder, config);
  await writeConfig(folder, config);
  return { folder, config };
}

/** Going back takes a step of the run. */
async function assertStepsLeft(folder: RunFolder, { steps }: RunConfig): Promise<void> {
  const made = (await readSummary(folder))?.versions.at(-1)?.version ?? 0;
  if (made < steps) return;
  throw new ConfigError(
    `the run ${folder.id} has made all its ${made} steps: --from-step needs more, by --steps`,
  );
}

async function runAndReport(
  folder: RunFolder,
  config: RunConfig,
  natsServer: string,
  options: TrainOptions,
): Promise<number> {
  const resumeHint = `"fleet train --resume --run ${folder.id}" goes on`;
  const view = openRunView(process.stderr);
  using _ = openWatchdog({ say: (what) => view.say(what) });
  using signals = openRunSignals(() => view.say("stopping in order; Ctrl-C once more ends it at once"));
  view.say(`run ${folder.id} in ${folder.path}`);
  let outcome: "ended" | "stopped";
  try {
    const resume = options.resume ?? false;
    const { fromStep, metrics = false } = options;
    const start = { resume, metrics, ...(fromStep !== undefined && { fromStep }) };
    outcome = await runLocally(folder, config, { natsServer, ...start, view, signals });
  } catch (error) {
    if (!signals.abandon.aborted) throw error;
    outcome = "stopped";
  } finally {
    view[Symbol.dispose]();
  }
  if (signals.abandon.aborted) {
    note(`cut short; ${resumeHint}`);
    return EXIT.cutShort;
  }
  if (outcome === "stopped") note(`stopped; ${resumeHint}`);
  const report = await runReport(folder);
  if (options.json) printJson(report?.summary ?? null);
  else if (report !== null) print(report.text);
  return EXIT.done;
}

/** What the command line says in place of the file. */
function withOptions(config: RunConfig, { steps, seed, otlp }: TrainOptions): RunConfig {
  return {
    ...config,
    ...(steps !== undefined && { steps }),
    ...(seed !== undefined && { seed }),
    ...(otlp !== undefined && { telemetry: { ...config.telemetry, otlp } }),
  };
}

async function writeConfig(folder: RunFolder, config: RunConfig): Promise<void> {
  await writeFileDurably(folder.config, stringify(config));
}

/** `demo-20260102-030405` of `examples/demo/run.yaml`; the file's own name where it is not called run. */
function newRunId(file: string): string {
  const name = basename(file).replace(/\.ya?ml$/, "");
  const stem = name === "run" ? basename(dirname(resolve(file))) : name;
  const plain = stem
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 20);
  const now = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${plain === "" ? "run" : plain}-${now}`;
}
