/**
 * `fleet …`: the one entry that a person starts. Parses arguments, calls one command, turns what it throws into a
 * sentence and an exit code.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { countBuffersWithHeap } from "../core/index.ts";
import { commandsFor } from "./commands/index.ts";
import { describeError, EXIT, exitCodeOf } from "./exit.ts";
import type { RoleMessage } from "./local/index.ts";
import { note } from "./print.ts";

const EXAMPLES = `
Examples:
  fleet doctor
  fleet train run.yaml --dry-run
  fleet train run.yaml
  fleet rollouts --sort reward --limit 5

"fleet <command> --help" shows the options and examples of a command.`;

countBuffersWithHeap();
const program = new Command("fleet")
  .description("SWE-RL for Llama on whatever machines one has.")
  .configureOutput({ outputError: (words) => note(`fleet: ${asSentence(words)}`) })
  .addHelpText("after", EXAMPLES)
  .exitOverride();

for (const add of await commandsFor(process.argv[2])) add(program);

try {
  await program.parseAsync();
  process.exitCode ??= EXIT.done;
} catch (error) {
  process.exitCode = await report(error);
}
if (process.connected) process.disconnect();

/** Says what went wrong, here and to the process that started us, and picks the exit code. */
async function report(error: unknown): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.mistake;
  note(`fleet: ${describeError(error)}`);
  const message: RoleMessage = { lastWords: error instanceof Error ? error.message : String(error) };
  if (process.connected) await new Promise<void>((done) => process.send?.(message, () => done()));
  return exitCodeOf(error);
}

/** The argument parser's words, several lines that begin with "error:", as one sentence. */
function asSentence(words: string): string {
  const lines = words
    .replace(/^error: /, "")
    .trim()
    .split("\n");
  const sentence = lines.join(" ").replace("(Did", "(did").replace(/\.$/, "");
  return `${sentence}; "fleet --help" shows what there is`;
}
