/**
 * Supervised fine-tuning on prompt–completion pairs, for `fleet sft`.
 *
 * @module
 */
import { readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { type Clock, type Shutdown, systemClock } from "../../core/index.ts";
import { type Device, type GradientEngine, openGradientEngine, writeFreshModel } from "../../llama/index.ts";
import { initialAdapter } from "../train/initial-adapter.ts";
import type { SftConfig, SftPhase } from "./config.ts";
import { type Example, tokenizePairs } from "./examples.ts";
import { meanNll } from "./held-out.ts";
import { openTokenizer } from "./open-tokenizer.ts";
import { readPairs } from "./pairs.ts";
import { startState, type TrainingState } from "./parameter-update.ts";
import { planBatches } from "./plan.ts";
import { type PhaseStep, runPhase } from "./run-phase.ts";
import { type SavedState, type SftProgress, savedState, sftIdentity } from "./saved-state.ts";
import { writeResult } from "./write-result.ts";

/** What a fine-tuning is told. */
export interface SftOptions {
  readonly config: SftConfig;
  readonly device: Device;
  /** Threads of llama.cpp. */
  readonly threads: number;
  /** Added to the metadata of a written model, such as digests of what it was made from. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Told of every step. */
  readonly onStep: (step: SftStep) => void;
}

/** A step of a fine-tuning. */
export interface SftStep {
  readonly phase: string;
  /** Of the phase, counted from 1. */
  readonly step: number;
  readonly steps: number;
  /** Trained in the phase since this process started, padding left out. */
  readonly tokens: number;
  readonly tokensPerSecond: number;
  /** To the end of the phase, at the speed so far. */
  readonly secondsLeft: number;
  /** Mean negative log-likelihood of the batch's completions before the step, in nats. */
  readonly nll: number;
  /** Of held-out completions after the step; null where it was not measured. */
  readonly heldOutNll: number | null;
}

/**
 * Fine-tunes, phase after phase, and writes the result. After `shutdown.stop` the step in work is finished and the
 * state saved beside the result (`<out>.state`), from which the next call goes on; so it does after a crash.
 *
 * @returns whether the result is written
 * @throws {UnusablePairsError} naming file and line
 * @throws {UnusableCheckpointError} when the state that was left is damaged or of another fine-tuning
 */
export async function runSft(options: SftOptions, shutdown: Shutdown): Promise<boolean> {
  const { config, device, threads } = options;
  const base = await openBase(config);
  const data = await readData(config, base.gguf);
  const { gguf } = base;
  await using engine = await openGradientEngine({ gguf, device, threads, trainable: config.trainable });
  const saved = savedState(`${config.out}.state`, sftIdentity(config, engine.model.digest));

  const progress = await trainPhases(engine, data, saved, options, shutdown);
  await saved.save(progress);
  if (progress.phase < config.phases.length) return false;
  await writeResult(config, engine, progress.state.parameters, gguf, options.metadata);
  await base.remove();
  await saved.remove();
  return true;
}

interface Data {
  readonly phases: readonly { readonly phase: SftPhase; readonly examples: readonly Example[] }[];
  readonly heldOut: readonly Example[];
}

/** The model to start from: the given one, or a fresh one beside the result. */
async function openBase({ model, out, seed }: SftConfig): Promise<{ gguf: string; remove(): Promise<void> }> {
  if ("base" in model) return { gguf: model.base, remove: async () => {} };
  const { tokenizer, tied, ...shape } = model.fresh;
  const gguf = `${out}.start.gguf`;
  const name = basename(out, ".gguf");
  await writeFreshModel(gguf, { ...shape, name, isTied: tied }, await readFile(tokenizer, "utf8"), seed);
  return { gguf, remove: () => rm(gguf, { force: true }) };
}

async function readData({ phases, heldOut, template }: SftConfig, gguf: string): Promise<Data> {
  await using tokenizer = await openTokenizer(gguf, template);
  const read = async (path: string, most?: number) =>
    tokenizePairs((await readPairs(path)).slice(0, most), tokenizer, path);
  return {
    phases: await Array.fromAsync(phases, async (phase) => ({ phase, examples: await read(phase.dataset) })),
    heldOut: heldOut ? await read(heldOut.dataset, heldOut.examples) : [],
  };
}

async function trainPhases(
  engine: GradientEngine,
  data: Data,
  saved: SavedState,
  options: SftOptions,
  { stop }: Shutdown,
): Promise<SftProgress> {
  const { config } = options;
  let progress = (await saved.load()) ?? (await startProgress(engine, config));
  await engine.writeParameters(progress.state.parameters);
  for (const [index, { phase, examples }] of data.phases.entries()) {
    if (index < progress.phase) continue;
    const seed = `${config.seed}/sft/${index}`;
    const batches = planBatches(
      examples.map(({ tokens }) => tokens.length),
      { ...phase, seed },
    );
    const report = reporter(engine, data.heldOut, phase, options, systemClock);
    for await (const made of runPhase(engine, {
      phase,
      examples,
      batches,
      done: progress.step,
      state: progress.state,
    })) {
      progress = { phase: index, step: made.step, state: made.state };
      await report(made);
      if (stop.aborted) return progress;
      if (made.step % config.saveEverySteps === 0) await saved.save(progress);
    }
    progress = nextPhase(progress.state, index + 1, config);
  }
  return progress;
}

async function startProgress(
  engine: GradientEngine,
  { phases, trainable, seed }: SftConfig,
): Promise<SftProgress> {
  const parameters =
    trainable.kind === "lora" ? initialAdapter(engine.parameters, seed) : await engine.readParameters();
  return { phase: 0, step: 0, state: startState(parameters, phases[0]) };
}

/** Optimizer state starts anew with each phase. */
function nextPhase({ parameters }: TrainingState, phase: number, { phases }: SftConfig): SftProgress {
  return { phase, step: 0, state: startState(parameters, phases[phase]) };
}

function reporter(
  engine: GradientEngine,
  heldOut: readonly Example[],
  phase: SftPhase,
  { config, onStep }: SftOptions,
  clock: Clock,
): (made: PhaseStep) => Promise<void> {
  const startMs = clock.monotonicMs();
  let measuringMs = 0;
  let tokens = 0;
  let made = 0;
  return async ({ step, steps, nll, tokens: added }) => {
    tokens += added;
    made += 1;
    const nowMs = clock.monotonicMs();
    const isDue = config.heldOut && (step % config.heldOut.everySteps === 0 || step === steps);
    const heldOutNll = isDue ? await meanNll(engine, heldOut, phase.tokenBudget) : null;
    const seconds = (nowMs - startMs - measuringMs) / 1000;
    measuringMs += clock.monotonicMs() - nowMs;
    const speed = { tokensPerSecond: tokens / seconds, secondsLeft: ((steps - step) * seconds) / made };
    onStep({ phase: phase.name, step, steps, tokens, ...speed, nll, heldOutNll });
  };
}
