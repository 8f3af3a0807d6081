/**
 * A lane is one context under one policy: the prompts and the running samples whose cells it holds. An engine has one
 * lane, and a second one while samples finish under an older policy.
 *
 * A lane has cells for `slots` longest sequences, so a slot is also the reservation of every cell that its sample can
 * come to need: nothing that runs is ever evicted.
 *
 * @module
 */
import { type Clock, uniformAt } from "../../core/index.ts";
import type { GgmlDevice } from "../native/libraries.ts";
import { type ContextSize, type DecodeContext, openContext } from "./context.ts";
import type { Policy } from "./generation.ts";
import type { LoadedModel } from "./load-model.ts";
import { createPrefillQueue, type PrefillQueue } from "./prefill-queue.ts";
import type { RowSampler } from "./row-sampler.ts";
import type { SampleRun } from "./sample-run.ts";
import type { Choice, Sampler } from "./sampler.ts";
import { type AskedSettings, settingsOf } from "./settings.ts";

/** Sizes of an engine. */
export interface LaneOptions extends AskedSettings {
  readonly slots: number;
  readonly contextTokens: number;
  readonly threads: number;
}

/** A group's prompt in a lane, pinned until it is released, whoever shares its cells. */
export interface PromptCells {
  readonly sequence: number;
  readonly tokens: number;
  /** Logits after the prompt, from which every sample's first token is drawn; null until it is evaluated. */
  readonly logits: Float32Array | null;
  /** How long its evaluation took, in milliseconds. */
  readonly evaluationMs: number;
}

/** An open lane. */
export interface Lane {
  readonly policy: Policy;
  /** Slots taken. */
  readonly busy: number;
  /** KV cells, one a token: all of them, and those that hold a prompt or a sample. */
  readonly cells: number;
  readonly usedCells: number;
  /** Whether a prompt or prefix waits for its evaluation. */
  readonly isPrefilling: boolean;
  readonly sampledTokens: number;
  readonly prefillTokens: number;
  /** Computes and samples under another policy from now on. */
  use(policy: Policy, adapter: bigint | null): void;
  pinPrompt(tokens: Int32Array): PromptCells;
  releasePrompt(prompt: PromptCells): void;
  /** Gives a run a place: it shares the prompt's cells, and draws its next token. */
  start(run: SampleRun, prompt: PromptCells): void;
  /** Takes a run out; its cells are free. */
  stop(run: SampleRun): void;
  has(run: SampleRun): boolean;
  /** All runs, or those whose prefix is not evaluated yet. */
  runs(which: "all" | "unevaluated"): SampleRun[];
  /** Samples one token of every run that can. */
  decode(): void;
  /** Evaluates one chunk of prompts and prefixes. */
  prefill(): void;
}

/** What chooses tokens: of one row, and of a step's. */
export interface LaneSamplers {
  readonly sampler: Sampler;
  readonly rowSampler: RowSampler;
}

/** Told of a run that is out of its lane: complete, or with logits that are not finite. */
export type OnRunEnded = (run: SampleRun, how: "finished" | "non-finite-logits") => void;

interface Place {
  readonly sequence: number;
  readonly prompt: PromptCells;
  /** Of the next token. */
  position: number;
  isEvaluated: boolean;
}

/** Cells for every slot's longest sequence, and sequences for running samples and for prompts pinned for free slots. */
export function contextSizeOf(options: LaneOptions, device: GgmlDevice): ContextSize {
  const { slots, contextTokens, threads } = options;
  const sequences = 2 * slots + 1;
  const settings = settingsOf(options, device);
  const cells = settings.unified ? slots * contextTokens : contextTokens;
  return { cells, sequences, outputs: sequences, threads, settings };
}

/** Opens a lane's context. */
export function openLane(
  model: LoadedModel,
  { sampler, rowSampler }: LaneSamplers,
  options: LaneOptions,
  clock: Clock,
  onEnded: OnRunEnded,
): Lane {
  const context = openContext(model, contextSizeOf(options, model.device));
  const prefill = createPrefillQueue(context, clock);
  const places = new Map<SampleRun, Place>();
  const pinned = new Set<PromptCells>();
  let policy: Policy = { version: 0, adapter: "" };
  let sampledTokens = 0;

  const stop = (run: SampleRun) => {
    const place = places.get(run);
    if (place === undefined) return;
    places.delete(run);
    prefill.remove(place.sequence);
    context.giveSequence(place.sequence);
  };
  const draw = (run: SampleRun, logits: Float32Array) =>
    settle(run, sampler.choose(logits, run.sampling, uniformOf(run)));
  const settle = (run: SampleRun, choice: Choice | null) => {
    if (choice !== null) {
      run.take(choice, policy);
      sampledTokens++;
      if (run.finish === null) return;
    }
    stop(run);
    onEnded(run, choice === null ? "non-finite-logits" : "finished");
  };
  return {
    get policy() {
      return policy;
    },
    get busy() {
      return places.size;
    },
    cells: options.slots * options.contextTokens,
    get usedCells() {
      const prompts = new Set(pinned);
      let own = 0;
      for (const { prompt, position } of places.values()) {
        prompts.add(prompt); // It keeps its cells until the last sample that shares them is over.
        own += position - prompt.tokens;
      }
      return [...prompts].reduce((sum, { tokens }) => sum + tokens, own);
    },
    get isPrefilling() {
      return !prefill.isEmpty;
    },
    get sampledTokens() {
      return sampledTokens;
    },
    get prefillTokens() {
      return prefill.evaluatedTokens;
    },
    use(next, adapter) {
      context.setAdapter(adapter);
      policy = next;
    },
    pinPrompt: (tokens) => {
      const prompt = pinPrompt(tokens, context, prefill, clock);
      pinned.add(prompt);
      return prompt;
    },
    releasePrompt(prompt) {
      pinned.delete(prompt);
      prefill.remove(prompt.sequence);
      context.giveSequence(prompt.sequence);
    },
    start(run, prompt) {
      if (prompt.logits === null) throw new RangeError("the prompt is not evaluated");
      const sequence = context.takeSequence();
      context.share(prompt.sequence, sequence);
      const { tokens } = run.record.read();
      const position = prompt.tokens + tokens.length;
      const place = { sequence, prompt, position, isEvaluated: tokens.length === 0 };
      places.set(run, place);
      run.started(prompt.evaluationMs);
      if (place.isEvaluated) return draw(run, prompt.logits);
      prefill.add({
        sequence,
        tokens,
        position: prompt.tokens,
        done(logits) {
          place.isEvaluated = true;
          draw(run, logits);
        },
      });
    },
    stop,
    has: (run) => places.has(run),
    runs: (which) =>
      [...places].filter(([, { isEvaluated }]) => which === "all" || !isEvaluated).map(([run]) => run),
    decode() {
      const rows: [SampleRun, number][] = [];
      context.batch.clear();
      const inOrder = context.isUnified
        ? places
        : [...places].sort(([, one], [, other]) => one.sequence - other.sequence);
      for (const [run, place] of inOrder) {
        if (!place.isEvaluated) continue;
        rows.push([run, context.batch.add(run.record.last, place.position++, place.sequence, true)]);
      }
      if (rows.length === 0) return;
      context.decode();
      const choices = rowSampler.choose(
        rows.map(([run, row]) => ({
          address: context.logitsAddress(row),
          settings: run.sampling,
          uniform: uniformOf(run),
        })),
      );
      for (const [index, [run]] of rows.entries()) settle(run, choices[index] ?? null);
    },
    prefill: () => prefill.turn(),
  };
}

/** The draw that chooses a run's next token. */
function uniformOf({ key, record }: SampleRun): number {
  return uniformAt(key, record.count);
}

function pinPrompt(
  tokens: Int32Array,
  context: DecodeContext,
  queue: PrefillQueue,
  clock: Clock,
): PromptCells {
  const sequence = context.takeSequence("last"); // The first ones are for samples, whose rows are to be neighbours.
  const startedAt = clock.monotonicMs();
  let logits: Float32Array | null = null;
  let evaluationMs = 0;
  queue.add({
    sequence,
    tokens,
    position: 0,
    done(view) {
      logits = view.slice();
      evaluationMs = clock.monotonicMs() - startedAt;
    },
  });
  return {
    sequence,
    tokens: tokens.length,
    get logits() {
      return logits;
    },
    get evaluationMs() {
      return evaluationMs;
    },
  };
}
