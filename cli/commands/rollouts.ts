import { type Command, Option } from "commander";
import { type RolloutView, readArchive } from "../../coordinator/index.ts";
import { chooseRun, type RunChoice } from "../open-run.ts";
import { parseCount, parsePositive } from "../parse.ts";
import { print, printJson } from "../print.ts";
import { findRunFolder } from "../run-folder.ts";
import { decimal } from "../show/numbers.ts";
import { describeRollout } from "../show/rollout.ts";
import { table } from "../show/table.ts";

interface RolloutsOptions extends RunChoice {
  readonly step?: number;
  readonly lane?: "train" | "eval";
  readonly instance?: string;
  readonly sort: "sequence" | "reward" | "tokens";
  readonly limit: number;
  readonly full?: true;
  readonly json?: true;
}

/** `fleet rollouts`: read what was sampled and how it was scored. */
export function addRolloutsCommand(program: Command): void {
  chooseRun(program.command("rollouts"))
    .description("what was sampled, how it was scored and why; from the run's archive")
    .option("--step <n>", "of one step's batch, or of the evaluation of that version", parseCount)
    .addOption(new Option("--lane <lane>", "of one lane").choices(["train", "eval"]))
    .option("--instance <id>", "of one instance of the dataset")
    .addOption(
      new Option("--sort <by>", "order; reward and tokens with the highest first")
        .choices(["sequence", "reward", "tokens"])
        .default("sequence"),
    )
    .option("--limit <n>", "at most so many", parsePositive, 20)
    .option("--full", "each in full: reply, verdict, both changes")
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nExamples:\n  fleet rollouts --sort reward --limit 5\n  fleet rollouts --step 12 --full --limit 1",
    )
    .action(showRollouts);
}

async function showRollouts(options: RolloutsOptions): Promise<void> {
  const folder = await findRunFolder(options.runs, options.run);
  const rollouts = await readArchive(folder.archive, {
    ...(options.lane && { lane: options.lane }),
    ...(options.step !== undefined && { step: options.step }),
    ...(options.instance !== undefined && { instance: options.instance }),
    sort: options.sort,
    atMost: options.limit,
  });
  if (options.json) return printJson(rollouts);
  if (rollouts.length === 0) return print("no rollout that fits is in the archive yet");
  print(options.full ? rollouts.map((rollout) => describeRollout(rollout)).join("\n\n") : list(rollouts));
}

function list(rollouts: readonly RolloutView[]): string {
  return table(
    ["no.", "lane", "step", "task", "sample", "instance", "reward", "verdict", "tokens", "worker"],
    rollouts.map((rollout) => [
      rollout.sequence,
      rollout.lane,
      rollout.step ?? "",
      rollout.task,
      rollout.sample,
      rollout.instance,
      decimal(rollout.reward, 3),
      rollout.exact ? "exact" : rollout.errorClass || "similar",
      rollout.tokens,
      rollout.worker,
    ]),
  );
}
