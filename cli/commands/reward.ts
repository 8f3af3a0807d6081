import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT } from "../exit.ts";
import { findReply, NoVerdictError } from "../find-reply.ts";
import { openScoring } from "../open-scoring.ts";
import { parsePositive } from "../parse.ts";
import { note, print, printJson } from "../print.ts";
import { readReplies } from "../read-replies.ts";
import {
  type FailedReply,
  type Outcome,
  type ScoredReply,
  scoreReplies,
  scoreReply,
} from "../score-replies.ts";
import { paintFor } from "../show/paint.ts";
import { createRewardReport, type RewardReport } from "../show/reward-report.ts";
import { openScoringProgress } from "../show/scoring-progress.ts";
import type { View } from "../show/side-by-side.ts";
import { describeVerdict } from "../show/verdict.ts";
import { visible } from "../show/visible.ts";

/** Of a terminal that does not say how wide it is, and of what is no terminal. */
const COLUMNS = 120;
/** What one string can hold with room to spare. */
const MOST_MEBIBYTES = 256;

interface RepliesOptions {
  readonly dataset: readonly string[];
  readonly replies: string;
  readonly config?: string;
  readonly longestLine: number;
  readonly json?: true;
}

/** `fleet reward`: score files of replies, and see why. */
export function addRewardCommand(program: Command): void {
  const reward = program
    .command("reward")
    .description("score replies, and see why each got what it got")
    .addHelpText(
      "after",
      "\nExamples:\n  fleet reward score --dataset train.jsonl.zst --replies replies.jsonl\n  fleet reward explain --dataset train.jsonl.zst --replies replies.jsonl --id task-7",
    );
  takeReplies(reward.command("score"))
    .description("score a file of replies: histogram, verdicts counted, the worst and the best reply")
    .option("--threads <n>", "threads that score", parsePositive, availableParallelism())
    .option("--json", "one line a reply, in their order: id, reward, error, files with their similarities")
    .addHelpText(
      "after",
      "\nA line that cannot be used is named and left out; the exit code is 2 then.\n\nExamples:\n  fleet reward score --dataset train.jsonl.zst --replies replies.jsonl\n  fleet reward score --dataset train.jsonl --replies replies.jsonl.gz --config run.yaml --json > scores.jsonl",
    )
    .action(score);
  takeReplies(reward.command("explain"))
    .description("one reply's verdict in full: what is wrong and where, both changes side by side")
    .requiredOption("--id <id>", "the instance replied to")
    .option("--nth <n>", "which of the replies to it", parsePositive, 1)
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nExamples:\n  fleet reward explain --dataset train.jsonl --replies replies.jsonl --id task-7\n  fleet reward explain --dataset train.jsonl --replies replies.jsonl --id task-7 --nth 3 | less",
    )
    .action(explain);
}

function takeReplies(command: Command): Command {
  return command
    .requiredOption("--dataset <file...>", "the instances: .jsonl, .jsonl.gz or .jsonl.zst")
    .requiredOption("--replies <file>", 'the replies, {"id": …, "reply": …} a line: .jsonl, .gz or .zst')
    .option("--config <run.yaml>", "whose reward scores; the paper's when left out")
    .addOption(
      new Option("--longest-line <MiB>", "a longer line of replies is refused")
        .argParser(parseMebibytes)
        .default(16),
    );
}

async function score(options: RepliesOptions & { readonly threads: number }): Promise<void> {
  const { report, bad } = await scoreAll(options);
  const replies = report.scored + report.failed;
  if (!options.json && replies > 0) print(report.text(viewOf(process.stdout)));
  if (bad > 0 || replies === 0) {
    note(`fleet: ${options.replies}: ${replies} replies, ${bad} lines that cannot be used`);
    process.exitCode = EXIT.mistake;
  } else if (report.failed > 0) {
    process.exitCode = EXIT.fatal;
  }
}

/** Scores the file with a progress bar on standard error, and writes each reply's line for scripts. */
async function scoreAll(
  options: RepliesOptions & { readonly threads: number },
): Promise<{ report: RewardReport; bad: number }> {
  const file = await stat(options.replies).catch(() => null);
  let bytesRead = 0;
  const onRead = (bytes: number) => {
    bytesRead = bytes;
  };
  await using scoring = await openScoring(options);
  using progress = openScoringProgress(process.stderr, Boolean(options.json && process.stdout.isTTY));
  const reader = watchReader(process.stdout);
  const report = createRewardReport();
  const started = performance.now();
  let bad = 0;
  const replies = readReplies(options.replies, { longestMebibytes: options.longestLine, onRead });
  for await (const outcome of scoreReplies(replies, scoring)) {
    if (reader.isGone) break;
    const problem = problemOf(outcome);
    if (problem !== null) progress.say(`${options.replies}:${outcome.line}: ${visible(problem)}`);
    if ("reason" in outcome) bad++;
    else report.add(outcome);
    if (options.json && !("reason" in outcome)) print(JSON.stringify(lineOf(outcome)));
    progress.show({
      share: file?.isFile() ? bytesRead / file.size : null,
      replies: report.scored + report.failed,
      meanReward: report.mean,
      seconds: (performance.now() - started) / 1000,
    });
  }
  return { report, bad };
}

async function explain(
  options: RepliesOptions & { readonly id: string; readonly nth: number },
): Promise<void> {
  const replies = readReplies(options.replies, { longestMebibytes: options.longestLine });
  const reply = await findReply(replies, options.id, options.nth);
  await using scoring = await openScoring({ ...options, threads: 1 });
  const outcome = await scoreReply(reply, options.nth, scoring);
  if (!("verdict" in outcome)) {
    throw new NoVerdictError(`${options.replies}:${outcome.line}: ${problemOf(outcome)}`);
  }
  if (options.json) printJson(outcome);
  else print(describeVerdict(outcome, viewOf(process.stdout)));
}

function problemOf(outcome: Outcome): string | null {
  if ("reason" in outcome) return outcome.reason;
  return "failure" in outcome ? outcome.failure : null;
}

/** What a script is told of a reply; no number where there is no verdict. */
function lineOf(reply: ScoredReply | FailedReply): object {
  const { id } = reply;
  if ("failure" in reply) return { id, reward: null, error: reply.failure, files: {} };
  const { reward, errorClass, explanation } = reply.verdict;
  const files = Object.fromEntries(explanation.files.map(({ path, similarity }) => [path, similarity]));
  return { id, reward, error: errorClass || null, files };
}

/** Notices when whoever reads `stream` has had enough, as `head` does; then there is nothing more to do. */
function watchReader(stream: NodeJS.WriteStream): { readonly isGone: boolean } {
  let isGone = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    isGone = true;
  });
  return {
    get isGone() {
      return isGone;
    },
  };
}

function viewOf(stream: NodeJS.WriteStream): View {
  return { columns: stream.columns || COLUMNS, paint: paintFor(stream) };
}

function parseMebibytes(text: string): number {
  const value = parsePositive(text);
  if (value > MOST_MEBIBYTES) throw new InvalidArgumentError(`It must be ${MOST_MEBIBYTES} or less.`);
  return value;
}
