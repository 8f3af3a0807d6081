/**
 * One round of chaos: a whole small run whose processes are killed and stopped as a schedule says, continued as often
 * as its command ends, and audited at its end.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../../core/index.ts";
import { type FleetCommand, processesWith, startFleet } from "../../support/fleet-command.ts";
import { goOnWith, problemsOf, writeTinyRun } from "../../support/tiny-run.ts";
import { type Outsider, startOutsider, startSecondCoordinator } from "./outsider.ts";
import { type Act, describeAct, type Schedule } from "./schedule.ts";
import { findVictim } from "./victims.ts";

/** How a round went. */
export interface RoundResult {
  /** One sentence each; none: everything held. */
  readonly problems: readonly string[];
  /** What happened, in order. */
  readonly story: readonly string[];
  readonly seconds: number;
}

const STEPS = 6;
/** No round takes as long on a machine that has nothing else to do. */
const ROUND_MS = 150_000;
const MOST_COMMANDS = 12;
const BETWEEN_COMMANDS_MS = 300;
const GONE_MS = 20_000;
const LOOK_MS = 100;

/** Runs one round in `folder`, which holds the inputs; the run's folder is removed when all is well. */
export async function runRound(folder: string, name: string, schedule: Schedule): Promise<RoundResult> {
  const startMs = performance.now();
  const story: string[] = [];
  const sinceMs = () => performance.now() - startMs;
  const tell = (line: string) => void story.push(`${(sinceMs() / 1000).toFixed(1)} s: ${line}`);
  const path = join(folder, name);
  await rm(path, { recursive: true, force: true });
  const file = await writeTinyRun(folder, name, sectionsOf(schedule));

  const over = new AbortController();
  const outsider = startOutsider(path);
  const commands: FleetCommand[] = [];
  const working = Promise.withResolvers<void>();
  const begins = { starting: Promise.resolve(), working: working.promise };
  const acting = Promise.all(
    schedule.acts.map(async (act) => {
      await begins[act.phase];
      await pause(act.atMs, over.signal);
      if (!over.signal.aborted) tell(await carryOut(act, path, commands.at(-1)?.process.pid, outsider));
    }),
  );
  const late = pause(ROUND_MS, over.signal).then(() => {
    if (!over.signal.aborted) commands.at(-1)?.process.kill("SIGKILL");
  });

  let code: number | null = null;
  while (code !== 0 && commands.length < MOST_COMMANDS && sinceMs() < ROUND_MS) {
    const command = startFleet(...(await goOnWith(folder, name, file)));
    commands.push(command);
    command.printed(/step \d+\//).then(working.resolve, () => {}); // Else the next command's.
    const result = await command.result;
    code = result.code;
    tell(`fleet train ended with ${code ?? "a signal"}: ${result.stderr.trim().split("\n").at(-1)}`);
    if (code !== 0) await pause(BETWEEN_COMMANDS_MS);
  }
  over.abort();
  working.resolve();
  await Promise.all([acting, late]);
  await outsider[Symbol.asyncDispose]();

  const problems = [
    ...(await leftOf(path)),
    ...(code === 0 ? await problemsOf(folder, name, STEPS) : ["the run never ended"]),
  ];
  if (problems.length === 0) await rm(path, { recursive: true, force: true, maxRetries: 5 });
  return { problems, story, seconds: sinceMs() / 1000 };
}

function sectionsOf({ staleness, onPolicyUpdate }: Schedule): Record<string, unknown> {
  return {
    steps: STEPS,
    batch: { prompts: 3, group: 4, staleness },
    sampling: { maxTokens: 100 },
    eval: { dataset: ["train.jsonl"], tasks: 4 },
    worker: { onPolicyUpdate, policyPollMs: 500, presenceMs: 500, drainTimeoutMs: 10_000 },
    local: { workers: [{ device: "cpu", count: 2, slots: 4 }], updater: { device: "cpu" } },
  };
}

/** Does one act; resolves with what became of it, once it is over. */
async function carryOut(
  act: Act,
  run: string,
  train: number | undefined,
  outsider: Outsider,
): Promise<string> {
  if (act.kind === "second coordinator") {
    return `${describeAct(act)}: it ${await startSecondCoordinator(run, act.ms)}`;
  }
  if (act.kind === "part") {
    await outsider.part(act.link, act.ms);
    return describeAct(act);
  }
  const pid = await findVictim(run, act.target, train);
  if (pid === null) return `${describeAct(act)}: there is none`;
  if (!signal(pid, act.kind === "kill" ? "SIGKILL" : "SIGSTOP")) return `${describeAct(act)}: it had ended`;
  if (act.kind === "stop") {
    await pause(act.ms);
    signal(pid, "SIGCONT");
  }
  return describeAct(act);
}

/** False when there is no such process any more. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** Processes of a run that has ended and that do not end themselves. */
async function leftOf(run: string): Promise<string[]> {
  const giveUpAtMs = performance.now() + GONE_MS;
  for (;;) {
    const left = await processesWith(run);
    if (left.length === 0) return [];
    if (performance.now() > giveUpAtMs) {
      for (const { pid } of left) signal(pid, "SIGKILL");
      return left.map(({ pid, command }) => `process ${pid} is left: ${command}`);
    }
    await pause(LOOK_MS);
  }
}
