/**
 * A whole GRPO step, generation and gradient one after the other, against TRL's on the same cores.
 *
 * @module
 */
import { createRandom, median, systemClock } from "../../core/index.ts";
import {
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
const PAIRS = 4;
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

/** Row `trl`; `make bench-peers`. */
export const trlBench: Bench = {
  name: "trl",
  async measure(): Promise<Row[]> {
    await using ours = await openOurs();
    using peer = startPeer("trl_grpo.py", {
      ...{ shape: SHAPE, batch: BATCH, rank: RANK, alpha: ALPHA, threads: CORES },
      steps: 1 + PAIRS,
    });
    const theirs = async () =>
      (await peer.next()) as { readonly seconds: number; readonly version: string; readonly torch: string };
    const { version, torch } = await theirs();
    await ours.step();
    const pairs: { readonly ours: Step; readonly theirs: number }[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const { seconds } = await theirs();
      pairs.push({ ours: await ours.step(), theirs: seconds });
    }
    const middle = (of: (pair: (typeof pairs)[number]) => number) => median(pairs.map(of)).toFixed(1);
    const params = "1.8 million parameters, float32, LoRA of rank 8 on all projections";
    return [
      {
        id: "trl",
        what:
          `a whole GRPO step, generation and gradient one after the other, ${BATCH.prompts} prompts of ${BATCH.promptTokens} tokens × ${BATCH.group} completions of ${BATCH.completionTokens}, ${SHAPE.layers} layers × ${SHAPE.embedding}, ${params}: ` +
          `${middle((pair) => pair.ours.seconds)} s (generation ${middle((pair) => pair.ours.generation)} s) against the ${middle((pair) => pair.theirs)} s of TRL ${version}, PyTorch ${torch}, on the same two cores; median of ${PAIRS} pairs; ours for as many tokens where a completion ended early`,
        value: median(pairs.map((pair) => pair.theirs / pair.ours.seconds)),
        unit: "×",
        atLeast: 2,
      },
    ];
  },
};

/** Seconds of a step, and of its generation. */
interface Step {
  readonly seconds: number;
  readonly generation: number;
}

interface Ours extends AsyncDisposable {
  step(): Promise<Step>;
}

/** Two decoding engines, as two workers have them, and a gradient engine of two lanes; one thread each. */
async function openOurs(): Promise<Ours> {
  const { vocabulary, layers, embedding, heads, kvHeads, feedForward, contextTokens } = SHAPE;
  const gguf = await cachedModel(`llama-${layers}x${embedding}-vocabulary-${vocabulary}-f32`, {
    ...{ vocabulary, layers, embedding, heads, kvHeads, feedForward, contextTokens },
    isTied: false,
  });
  await using opening = new AsyncDisposableStack();
  const engines: Engine[] = [];
  for (let core = 0; core < CORES; core++) engines.push(opening.use(await openSampler(gguf)));
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

function openSampler(gguf: string): Promise<Engine> {
  return openEngine({
    gguf,
    device: "cpu",
    slots: SLOTS,
    contextTokens: BATCH.promptTokens + BATCH.completionTokens,
    threads: 1,
    template: "raw",
    exact: false,
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
