/**
 * A whole GRPO step, generation and gradient one after the other, against TRL's on the same cores.
 *
 * @module
 */
import { createRandom, median, systemClock } from "../../core/index.ts";
import {
  DecodingConfig,
  type Engine,
  type GradientEngine,
  generateGroup,
  openEngine,
  openGradientEngine,
  PROJECTIONS,
} from "../../llama/index.ts";
import { similarityRatio } from "../../rewards/index.ts";
import { trainedGroup } from "../../test/support/training-groups.ts";
import { adapterDigest, encodeFlatAdapter } from "../../updater/encode-adapter.ts";
import {
  adamW,
  clipFactor,
  GrpoConfig,
  gradientNorm,
  initialAdapter,
  noMoments,
  OptimizerConfig,
  stepGradient,
  trainingBatch,
} from "../../updater/index.ts";
import { cachedModel } from "../cached-model.ts";
import { startPeer } from "../peers/peer.ts";
import type { Bench, Row } from "../row.ts";

const CORES = 2;
const ROUNDS = 4;
const BATCH = { prompts: 8, group: 16, promptTokens: 200, completionTokens: 160 };
const SHAPE = {
  vocabulary: 512,
  layers: 4,
  embedding: 192,
  heads: 6,
  kvHeads: 2,
  feedForward: 512,
  contextTokens: 2_048,
} as const;
/** Few: every sequence scans the cells of all that run beside it, and with a model this small that is most of the work. */
const SLOTS = 4;
const RANK = 8;
const ALPHA = 16;
const LEARNING_RATE = 1e-4;
const MOST_CHARACTERS = 400;
const GRPO = GrpoConfig.parse({ lanes: CORES, klMicroBatches: 0 });
const OPTIMIZER = OptimizerConfig.parse({});

/** What our steps are made over: TRL's weights are float32 in either case. */
const BASES = [
  { id: "trl", type: "F32", name: "float32", repacked: false },
  { id: "trl-q8_0", type: "Q8_0", name: "ours over Q8_0, repacked for decoding", repacked: true },
] as const;
type Base = (typeof BASES)[number];

/** Rows `trl` and `trl-q8_0`; `make bench-peers`. */
export const trlBench: Bench = {
  name: "trl",
  async measure(): Promise<Row[]> {
    await using open = new AsyncDisposableStack();
    const ours = await Promise.all(BASES.map(async (base) => open.use(await openOurs(base))));
    using peer = startPeer("trl_grpo.py", {
      ...{ shape: SHAPE, batch: BATCH, rank: RANK, alpha: ALPHA, threads: CORES },
      steps: 1 + ROUNDS,
    });
    const theirs = async () =>
      (await peer.next()) as { readonly seconds: number; readonly version: string; readonly torch: string };
    const { version, torch } = await theirs();
    for (const one of ours) await one.step();
    const rounds: { readonly ours: readonly Step[]; readonly theirs: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const { seconds } = await theirs();
      const steps: Step[] = [];
      for (const one of ours) steps.push(await one.step());
      rounds.push({ ours: steps, theirs: seconds });
    }
    const seconds = median(rounds.map((round) => round.theirs)).toFixed(1);
    const peerName = `the ${seconds} s of TRL ${version}, PyTorch ${torch}`;
    return BASES.map((base, index) => {
      const steps = rounds.map((round) => ({ ...(round.ours[index] as Step), theirs: round.theirs }));
      return rowOf(base, steps, peerName);
    });
  },
};

function rowOf(
  { id, name }: Base,
  steps: readonly (Step & { readonly theirs: number })[],
  peerName: string,
): Row {
  const middle = (of: (step: Step) => number) => median(steps.map(of)).toFixed(1);
  const { prompts, promptTokens, group, completionTokens } = BATCH;
  return {
    id,
    what:
      `a whole GRPO step, generation and gradient one after the other, ${prompts} prompts of ${promptTokens} tokens × ${group} completions of ${completionTokens}, ${SHAPE.layers} layers × ${SHAPE.embedding}, 1.8 million parameters, ${name}, LoRA of rank ${RANK} on all projections: ` +
      `${middle((step) => step.seconds)} s (generation ${middle((step) => step.generation)} s) against ${peerName}, float32, on the same two cores; median of ${ROUNDS} rounds; ours for as many tokens where a completion ended early`,
    value: median(steps.map((step) => step.theirs / step.seconds)),
    unit: "×",
    atLeast: 2,
  };
}

/** Seconds of a step, and of its generation. */
interface Step {
  readonly seconds: number;
  readonly generation: number;
}

interface Ours extends AsyncDisposable {
  step(): Promise<Step>;
}

/** Two decoding engines, as two workers have them, and a gradient engine of two lanes; one thread each. */
async function openOurs({ type, repacked }: Base): Promise<Ours> {
  const { vocabulary, layers, embedding, heads, kvHeads, feedForward, contextTokens } = SHAPE;
  const gguf = await cachedModel(
    `llama-${layers}x${embedding}-vocabulary-${vocabulary}-${type.toLowerCase()}`,
    {
      ...{ type, vocabulary, layers, embedding, heads, kvHeads, feedForward, contextTokens },
      isTied: false,
    },
  );
  await using opening = new AsyncDisposableStack();
  const engines: Engine[] = [];
  for (let core = 0; core < CORES; core++) engines.push(opening.use(await openSampler(gguf, repacked)));
  const trainable = { kind: "lora", rank: RANK, alpha: ALPHA, targets: PROJECTIONS } as const;
  const trainer = opening.use(
    await openGradientEngine({ gguf, device: "cpu", threads: 1, lanes: CORES, trainable }),
  );
  const parameters = initialAdapter(trainer.parameters, 1);
  await trainer.writeParameters(parameters);
  const state = { parameters, moments: noMoments(parameters.length), step: 0 };
  const open = opening.move();
  return {
    step: () => makeStep(engines, trainer, state),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function openSampler(gguf: string, repacked: boolean): Promise<Engine> {
  return openEngine({
    gguf,
    device: "cpu",
    slots: SLOTS,
    contextTokens: BATCH.promptTokens + BATCH.completionTokens,
    threads: 1,
    template: "raw",
    exact: false,
    decoding: DecodingConfig.parse({ repacked }),
  });
}

interface TrainingState {
  readonly parameters: Float32Array;
  moments: ReturnType<typeof noMoments>;
  step: number;
}

async function makeStep(
  engines: readonly Engine[],
  trainer: GradientEngine,
  state: TrainingState,
): Promise<Step> {
  state.step += 1;
  const { step } = state;
  const prompts = Array.from({ length: BATCH.prompts }, (_, index) => randomPrompt(`${step}/${index}`));
  const begin = performance.now();
  const completions = await Promise.all(
    prompts.map((prompt, index) => {
      const draws = Array.from({ length: BATCH.group }, (_, sample) => `${step}/${index}/${sample}`);
      return generateGroup(engines[index % CORES] as Engine, prompt, draws, BATCH.completionTokens);
    }),
  );
  const generated = performance.now();
  const groups = completions.map((group, index) => {
    const prompt = prompts[index] ?? new Int32Array();
    const text = prompt.join(" ").slice(0, MOST_CHARACTERS);
    return trainedGroup(
      `${step}/${index}`,
      group.map(({ tokens, logp }) => ({
        ...{ prompt: [...prompt], completion: [...tokens], mu: [...logp] },
        reward: similarityRatio(tokens.join(" ").slice(0, MOST_CHARACTERS), text),
      })),
    );
  });
  const options = { grpo: GRPO, reference: "off", step, clock: systemClock } as const;
  const { gradient } = await stepGradient(trainer, trainingBatch(groups, GRPO), options);
  const factor = clipFactor(gradientNorm(gradient), OPTIMIZER.clipNorm);
  const update = { gradient, factor, learningRate: LEARNING_RATE };
  state.moments = adamW(state.parameters, state.moments, update, OPTIMIZER);
  await trainer.writeParameters(state.parameters);
  await activate(engines, trainer, state);
  const end = performance.now();
  const tokens = completions.flat().reduce((sum, one) => sum + one.tokens.length, 0);
  const whole = (BATCH.prompts * BATCH.group * BATCH.completionTokens) / tokens;
  return { seconds: (whole * (end - begin)) / 1_000, generation: (whole * (generated - begin)) / 1_000 };
}

async function activate(
  engines: readonly Engine[],
  { model, parameters }: GradientEngine,
  state: TrainingState,
): Promise<void> {
  const gguf = encodeFlatAdapter({ base: model.digest, alpha: ALPHA, parameters }, state.parameters);
  const adapter = adapterDigest(gguf);
  const follow = async (engine: Engine) => {
    await engine.loadAdapter(adapter, gguf);
    await engine.activate({ version: state.step, adapter }, "keep");
  };
  await Promise.all(engines.map(follow));
}

function randomPrompt(name: string): Int32Array {
  const next = createRandom(`trl ${name}`);
  return Int32Array.from(
    { length: BATCH.promptTokens },
    () => 1 + Math.floor(next() * (SHAPE.vocabulary - 1)),
  );
}
