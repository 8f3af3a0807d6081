import type { GradientEngine } from "../../llama/index.ts";
import { adamW, type Moments, noMoments, type Slice } from "../optimizer/adamw.ts";
import { clipFactor, gradientNorm } from "../optimizer/gradient-norm.ts";
import { type MatrixSlice, muon } from "../optimizer/muon.ts";
import { learningRateAt } from "../optimizer/schedule.ts";
import type { SftPhase } from "./config.ts";

/** Of AdamW: added to the root of the mean square. */
const EPSILON = 1e-8;

/** Parameters and the optimizer's state of a phase; the arrays are changed in place. */
export interface TrainingState {
  readonly parameters: Float32Array;
  readonly moments: Moments;
  /** Of Muon; as long as the parameters when it is used, else empty. */
  readonly momentum: Float32Array;
}

/** What of the parameters is updated by what. */
export interface ParameterSplit {
  readonly adamw: readonly Slice[];
  readonly muon: readonly MatrixSlice[];
}

/** The state at the start of a phase; of none after the last. */
export function startState(parameters: Float32Array, phase: SftPhase | undefined): TrainingState {
  const momentum = new Float32Array(phase?.optimizer === "muon+adamw" ? parameters.length : 0);
  return { parameters, moments: noMoments(parameters.length), momentum };
}

/** Muon, where it is used, takes the matrices of the layers; embedding, head and norms stay with AdamW. */
export function splitParameters(
  parameters: GradientEngine["parameters"],
  optimizer: SftPhase["optimizer"],
): ParameterSplit {
  const split = { adamw: [] as Slice[], muon: [] as MatrixSlice[] };
  let from = 0;
  for (const { name, rows, columns } of parameters) {
    const slice = { from, to: from + rows * columns };
    const isLayerMatrix = name.startsWith("blk.") && rows > 1 && columns > 1;
    if (optimizer === "muon+adamw" && isLayerMatrix) split.muon.push({ ...slice, rows, columns });
    else split.adamw.push(slice);
    from = slice.to;
  }
  return split;
}

/** One optimizer step. */
export interface UpdateStep {
  readonly gradient: Float32Array;
  /** Counted from 1. */
  readonly step: number;
  /** Of the phase. */
  readonly steps: number;
}

/** Clips the gradient and updates the parameters by it. The arrays of `state` are changed in place. */
export async function updateParameters(
  state: TrainingState,
  split: ParameterSplit,
  phase: SftPhase,
  { gradient, step, steps }: UpdateStep,
  engine: Pick<GradientEngine, "orthogonalize">,
): Promise<TrainingState> {
  const factor = clipFactor(gradientNorm(gradient), phase.clipNorm);
  const course = {
    warmupSteps: phase.warmupSteps,
    schedule: "linear",
    finalShare: phase.finalShare,
  } as const;
  const rateOf = (learningRate: number) => learningRateAt({ ...course, learningRate }, step, steps);
  if (split.muon.length > 0) {
    const update = { gradient, factor, learningRate: rateOf(phase.muonLearningRate), matrices: split.muon };
    await muon(state.parameters, state.momentum, update, (matrices) => engine.orthogonalize(matrices));
  }
  const update = { gradient, factor, learningRate: rateOf(phase.learningRate), slices: split.adamw };
  return {
    ...state,
    moments: adamW(state.parameters, state.moments, update, { ...phase, epsilon: EPSILON }),
  };
}
