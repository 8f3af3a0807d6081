/**
 * Continuous batching: samples join and leave between two decode steps, prompts are evaluated in chunks between them,
 * and the policy may change between any two.
 *
 * Nothing here waits: `turn` does one step of everything, and its caller looks at messages between turns.
 *
 * @module
 */
import { CancelledError, type Clock } from "../../core/index.ts";
import type { OnPolicyChange } from "./engine.ts";
import type { EngineCompletion, GroupRequest, Policy, SampleFailure } from "./generation.ts";
import { createGroupQueue } from "./group-queue.ts";
import { type Lane, type LaneOptions, type OnRunEnded, openLane } from "./lane.ts";
import type { LoadedModel } from "./load-model.ts";
import { createRowSampler } from "./row-sampler.ts";
import { createSampleRun, type SampleRun } from "./sample-run.ts";
import { createSampler } from "./sampler.ts";
import { whyNotServable } from "./servable.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Where samples go when they end. Groups are numbered by the caller. */
export interface DecoderEvents {
  finished(group: number, completion: EngineCompletion): void;
  failed(group: number, sample: number, failure: SampleFailure): void;
}

/** A decoder. */
export interface Decoder {
  readonly policy: Policy;
  readonly busySlots: number;
  /** KV cells, one a token: all of them, and those that hold a prompt or a sample. */
  readonly cells: number;
  readonly usedCells: number;
  readonly waitingSamples: number;
  readonly sampledTokens: number;
  readonly prefillTokens: number;
  /** Digests of the adapters that computations to come may need. */
  adaptersInUse(): string[];
  submit(group: number, request: GroupRequest): void;
  cancel(group: number, sample: number): void;
  /** Stops a group; returns its samples that have tokens. */
  handOver(group: number): EngineCompletion[];
  /** See {@link Engine.activate}. */
  activate(policy: Policy, adapter: bigint | null, running: OnPolicyChange): Promise<void>;
  /** One step of everything; false when there is nothing to do. */
  turn(): boolean;
}

interface WaitingDrain {
  /** Digest of the adapter that it begins with. */
  readonly adapter: string;
  readonly begin: () => void;
  readonly overtake: (by: Policy) => void;
}

/** Creates a decoder over a model, its context opened. */
export function createDecoder(
  model: LoadedModel,
  tokenizer: Tokenizer,
  options: LaneOptions,
  clock: Clock,
  events: DecoderEvents,
): Decoder {
  const queue = createGroupQueue();
  const { vocabulary } = model;
  const sampler = createSampler(vocabulary);
  const { slots: rows, threads } = options;
  const samplers = { sampler, rowSampler: createRowSampler(sampler, { rows, vocabulary, threads }) };
  const onEnded: OnRunEnded = (run, how) => {
    queue.remove(run, current);
    if (how === "finished") events.finished(run.group, run.completion());
    else events.failed(run.group, run.sample, notFinite(run));
  };
  const open = () => openLane(model, samplers, options, clock, onEnded);
  let current = open();
  let older: Lane | null = null; // Opened by the first drain; idle when none is under way.
  let waitingDrain: WaitingDrain | null = null;

  const lanes = () => (older === null ? [current] : [current, older]);
  const busySlots = () => lanes().reduce((sum, lane) => sum + lane.busy, 0);
  const takeOut = (run: SampleRun) => {
    for (const lane of lanes()) lane.stop(run);
  };
  const discard = (run: SampleRun) => {
    takeOut(run);
    queue.remove(run, current);
  };
  const requeue = (runs: readonly SampleRun[]) => {
    for (const run of runs) {
      takeOut(run);
      queue.requeue(run);
    }
  };
  const beginDrain = (policy: Policy, adapter: bigint | null) => {
    queue.releasePrompts(current);
    requeue(current.runs("unevaluated"));
    [current, older] = [older ?? open(), current];
    current.use(policy, adapter);
  };
  const overtakeDrain = (by: Policy) => {
    waitingDrain?.overtake(by);
    waitingDrain = null;
  };
  const drain = (policy: Policy, adapter: bigint | null): Promise<void> => {
    if (older === null || older.busy === 0) {
      beginDrain(policy, adapter);
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waitingDrain = {
      adapter: policy.adapter,
      begin: () => {
        beginDrain(policy, adapter);
        resolve();
      },
      overtake: (by) =>
        reject(
          new CancelledError(
            `policy ${policy.version} was overtaken by policy ${by.version} while it waited`,
          ),
        ),
    };
    return promise;
  };
  /** Lets a finished drain go: its lane needs its adapter no more. */
  const settleDrain = () => {
    if (older === null || older.busy > 0) return;
    if (older.policy.adapter !== "") older.use({ version: older.policy.version, adapter: "" }, null);
    waitingDrain?.begin();
    waitingDrain = null;
  };

  return {
    get policy() {
      return current.policy;
    },
    get busySlots() {
      return busySlots();
    },
    get cells() {
      return lanes().reduce((sum, lane) => sum + lane.cells, 0);
    },
    get usedCells() {
      return lanes().reduce((sum, lane) => sum + lane.usedCells, 0);
    },
    get waitingSamples() {
      return queue.waitingSamples;
    },
    get sampledTokens() {
      return lanes().reduce((sum, lane) => sum + lane.sampledTokens, 0);
    },
    get prefillTokens() {
      return lanes().reduce((sum, lane) => sum + lane.prefillTokens, 0);
    },
    adaptersInUse() {
      const set = lanes().map((lane) => lane.policy.adapter);
      return waitingDrain === null ? set : [...set, waitingDrain.adapter];
    },
    submit(group, request) {
      const failure = whyNotServable(request, options.contextTokens, model.vocabulary);
      if (failure !== null) {
        for (const { sample } of request.samples) events.failed(group, sample, failure);
        return;
      }
      const runs = request.samples.map((sample) => createSampleRun(group, request, sample, tokenizer, clock));
      for (const run of runs) if (run.finish !== null) events.finished(group, run.completion());
      const unfinished = runs.filter((run) => run.finish === null);
      queue.add(group, request.prompt, unfinished);
    },
    cancel(group, sample) {
      const run = queue.openRuns(group).find((open) => open.sample === sample);
      if (run !== undefined) discard(run);
    },
    handOver(group) {
      const runs = [...queue.openRuns(group)];
      for (const run of runs) discard(run);
      return runs.filter((run) => run.record.count > 0).map((run) => run.completion());
    },
    async activate(policy, adapter, running) {
      overtakeDrain(policy);
      if (running === "drain") return drain(policy, adapter);
      queue.releasePrompts(current);
      requeue(lanes().flatMap((lane) => lane.runs(running === "recompute" ? "all" : "unevaluated")));
      for (const lane of lanes()) lane.use(policy, adapter);
    },
    turn() {
      settleDrain();
      queue.admit(current, options.slots - busySlots());
      for (const lane of lanes()) {
        lane.decode();
        if (lane.isPrefilling) lane.prefill();
      }
      return busySlots() + queue.waitingSamples > 0 || waitingDrain !== null;
    },
  };
}

function notFinite(run: SampleRun): SampleFailure {
  const message = `the logits for token ${run.record.count} of sample ${run.sample} are not finite`;
  return { errorClass: "non-finite-logits", message, retry: true };
}
