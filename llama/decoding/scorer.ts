/**
 * Teacher-forced scoring beside generation: in a context of its own, since an adapter belongs to a context. One
 * request at a time, a chunk a turn.
 *
 * @module
 */
import { type Clock, FleetError } from "../../core/index.ts";
import { type DecodeContext, openContext } from "./context.ts";
import type { ScoreRequest } from "./engine.ts";
import type { LaneOptions } from "./lane.ts";
import type { LoadedModel } from "./load-model.ts";
import { createPace, type Pace } from "./prefill-queue.ts";
import { createSampler, type Sampler } from "./sampler.ts";
import { settingsOf } from "./settings.ts";

/** A sequence that cannot be scored. */
export class ScoreError extends FleetError {
  readonly code = "llama.not_scorable";
  readonly disposition = "reject";
}

/** Values of `tokens[from …]`. */
export interface Scores {
  readonly logpT: Float32Array;
  readonly entropyT: Float32Array;
}

/** Scores sequences. */
export interface Scorer {
  /** The adapter of the request that is under way or was last, and of those that wait. */
  adaptersInUse(): string[];
  /**
   * Queues a request; `adapter` is the handle of the request's.
   *
   * @throws {ScoreError} when it cannot be scored
   * @throws {ContextError | DeviceMemoryError} when its context cannot be opened, which the next request tries again
   */
  score(request: ScoreRequest, adapter: bigint | null): Promise<Scores>;
  /** Evaluates one chunk; false when nothing waits. */
  turn(): boolean;
}

/** At most this many logits in a chunk. */
const LOGITS = 2 ** 22;
const MOST_OUTPUTS = 256;
const FEWEST_OUTPUTS = 8;

interface Job {
  readonly request: ScoreRequest;
  readonly adapter: bigint | null;
  readonly scores: Scores;
  readonly ended: PromiseWithResolvers<Scores>;
  /** Tokens whose cells are computed; the last one needs none. */
  evaluated: number;
}

interface ScoringContext {
  readonly decode: DecodeContext;
  readonly pace: Pace;
  readonly outputs: number;
  sequence: number;
}

/** Creates a scorer. Its context is opened by the first request, so that an engine that never scores has none. */
export function createScorer(model: LoadedModel, options: LaneOptions, clock: Clock): Scorer {
  const sampler = createSampler(model.vocabulary);
  const jobs: Job[] = [];
  let context: ScoringContext | null = null;
  let adapterSet = "";

  const begin = (open: ScoringContext, job: Job) => {
    open.decode.giveSequence(open.sequence);
    open.sequence = open.decode.takeSequence();
    open.decode.setAdapter(job.adapter);
    adapterSet = job.request.adapter;
  };
  return {
    adaptersInUse: () => [adapterSet, ...jobs.map(({ request }) => request.adapter)],
    score(request, adapter) {
      refuseUnscorable(request, options.contextTokens, model.vocabulary);
      context ??= openScoring(model, options, clock);
      const count = request.tokens.length - request.from;
      const scores = { logpT: new Float32Array(count), entropyT: new Float32Array(count) };
      const ended = Promise.withResolvers<Scores>();
      jobs.push({ request, adapter, scores, ended, evaluated: 0 });
      return ended.promise;
    },
    turn() {
      const job = jobs[0];
      if (job === undefined || context === null) return false;
      if (job.evaluated === 0) begin(context, job);
      const failure = scoreChunk(job, context, sampler);
      const isDone = job.evaluated === job.request.tokens.length - 1;
      if (failure === null && !isDone) return true;
      if (failure === null) job.ended.resolve(job.scores);
      else job.ended.reject(failure);
      jobs.shift();
      return jobs.length > 0;
    },
  };
}

function openScoring(model: LoadedModel, options: LaneOptions, clock: Clock): ScoringContext {
  const { contextTokens, threads } = options;
  const outputs = Math.max(FEWEST_OUTPUTS, Math.min(MOST_OUTPUTS, Math.floor(LOGITS / model.vocabulary)));
  const settings = { ...settingsOf(options, model.device), unified: true }; // There is one sequence.
  const decode = openContext(model, { cells: contextTokens, sequences: 1, outputs, threads, settings });
  return { decode, pace: createPace(decode.mostRows, clock), outputs, sequence: decode.takeSequence() };
}

/** Evaluates the next tokens of a job and fills in the scores that they give. */
function scoreChunk(
  job: Job,
  { decode, pace, outputs, sequence }: ScoringContext,
  sampler: Sampler,
): ScoreError | null {
  const { tokens, from, temperature } = job.request;
  const { batch } = decode;
  const first = job.evaluated;
  batch.clear();
  while (job.evaluated < tokens.length - 1 && batch.rows < pace.rows && batch.outputs < outputs) {
    const index = job.evaluated++;
    batch.add(tokens[index] as number, index, sequence, index + 1 >= from);
  }
  const rows = batch.rows;
  pace.time(rows, () => decode.decode());
  for (let row = Math.max(0, from - 1 - first); row < rows; row++) {
    const index = first + row + 1;
    const likelihood = sampler.score(decode.logits(row), temperature, tokens[index] as number);
    if (likelihood === null) return new ScoreError(`the logits for token ${index} are not finite`);
    job.scores.logpT[index - from] = likelihood.logp;
    job.scores.entropyT[index - from] = likelihood.entropy;
  }
  return null;
}

function refuseUnscorable({ tokens, from }: ScoreRequest, contextTokens: number, vocabulary: number): void {
  if (tokens.length > contextTokens)
    throw new ScoreError(`${tokens.length} tokens do not fit into the context of ${contextTokens}`);
  if (!Number.isInteger(from) || from < 1 || from >= tokens.length)
    throw new ScoreError(
      `cannot score from token ${from} of ${tokens.length}; the first has nothing before it`,
    );
  const unknown = tokens.find((token) => token < 0 || token >= vocabulary);
  if (unknown !== undefined)
    throw new ScoreError(`token ${unknown} is not one of the vocabulary's ${vocabulary}`);
}
