/**
 * `llama_decode` alone under a mixed load: the prompts and steps that some groups need, in the order in which an engine of so many
 * slots would come to them, their tokens known beforehand.
 *
 * @module
 */
import { type DecodeContext, openContext } from "../llama/decoding/context.ts";
import { loadModel } from "../llama/decoding/load-model.ts";
import { settingsOf } from "../llama/decoding/settings.ts";
import { withLlamaLog } from "../llama/native/llama-api.ts";
import { timed } from "./pairs.ts";

/** A prompt, and how long each of its completions is. */
export interface MixedGroup {
  readonly prompt: Int32Array;
  readonly lengths: readonly number[];
}

/** The context that the load runs in. */
export interface MixedContext {
  readonly gguf: string;
  readonly slots: number;
  readonly contextTokens: number;
  readonly threads: number;
}

interface Running {
  readonly sequence: number;
  position: number;
  /** Tokens that are still to be computed; the first was drawn from the prompt's logits. */
  left: number;
}

interface Waiting {
  readonly prompt: Int32Array;
  /** Of the completions that have not started. */
  readonly lengths: number[];
  /** Of the prompt; null until it is taken up. */
  sequence: number | null;
  evaluated: number;
}

/** Opens a context once; each call of `run` takes a load through it and returns the milliseconds within `llama_decode`. */
export function openMixedAlone({ gguf, slots, contextTokens, threads }: MixedContext) {
  const model = loadModel(gguf, "cpu");
  const sequences = 2 * slots + 1;
  const settings = settingsOf({ exact: false }, model.device);
  const size = { cells: slots * contextTokens, sequences, outputs: sequences, threads, settings };
  const context = openContext(model, size);
  const run = (groups: readonly MixedGroup[]) =>
    withLlamaLog(model.llama, () => runThrough(context, slots, groups)).result;
  return { run, [Symbol.dispose]: () => context[Symbol.dispose]() };
}

function runThrough(context: DecodeContext, slots: number, groups: readonly MixedGroup[]): number {
  const waiting: Waiting[] = groups.map(({ prompt, lengths }) => ({
    prompt,
    lengths: [...lengths],
    sequence: null,
    evaluated: 0,
  }));
  const running = new Set<Running>();
  let ms = 0;
  while (waiting.length > 0 || running.size > 0) {
    admit(context, slots - running.size, waiting, running);
    ms += step(context, running) + evaluateNext(context, waiting);
  }
  return ms;
}

/** First come first served, as the engine does it: a later group takes only the slots that earlier ones leave. */
function admit(context: DecodeContext, freeSlots: number, waiting: Waiting[], running: Set<Running>): void {
  let free = freeSlots;
  for (const group of [...waiting]) {
    if (free <= 0) return;
    const starting = Math.min(free, group.lengths.length);
    free -= starting;
    group.sequence ??= context.takeSequence();
    if (group.evaluated < group.prompt.length) continue;
    for (const length of group.lengths.splice(0, starting)) {
      if (length <= 1) continue;
      const sequence = context.takeSequence();
      context.share(group.sequence, sequence);
      running.add({ sequence, position: group.prompt.length, left: length - 1 });
    }
    if (group.lengths.length > 0) continue;
    context.giveSequence(group.sequence);
    waiting.splice(waiting.indexOf(group), 1);
  }
}

/** One token of everything that runs. */
function step(context: DecodeContext, running: Set<Running>): number {
  if (running.size === 0) return 0;
  context.batch.clear();
  for (const run of running) {
    context.batch.add(1 + (run.position % 250), run.position, run.sequence, true);
    run.position += 1;
    run.left -= 1;
  }
  const ms = timed(() => context.decode());
  for (const run of [...running].filter(({ left }) => left === 0)) {
    running.delete(run);
    context.giveSequence(run.sequence);
  }
  return ms;
}

/** As many tokens of the oldest prompt as a batch takes. */
function evaluateNext(context: DecodeContext, waiting: readonly Waiting[]): number {
  const next = waiting.find(
    ({ sequence, evaluated, prompt }) => sequence !== null && evaluated < prompt.length,
  );
  if (next === undefined) return 0;
  context.batch.clear();
  const end = Math.min(next.prompt.length, next.evaluated + context.mostRows);
  for (; next.evaluated < end; next.evaluated++) {
    const isLast = next.evaluated === next.prompt.length - 1;
    context.batch.add(next.prompt[next.evaluated] as number, next.evaluated, next.sequence as number, isLast);
  }
  return timed(() => context.decode());
}
