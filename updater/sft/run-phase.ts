import type { GradientEngine } from "../../llama/index.ts";
import { batchGradient } from "./batch-gradient.ts";
import type { SftPhase } from "./config.ts";
import type { Example } from "./examples.ts";
import { splitParameters, type TrainingState, updateParameters } from "./parameter-update.ts";

/** A step that was made. */
export interface PhaseStep {
  /** Counted from 1. */
  readonly step: number;
  readonly steps: number;
  /** After the step. */
  readonly state: TrainingState;
  /** Mean negative log-likelihood of the batch's completions before the step, in nats. */
  readonly nll: number;
  /** Tokens of the batch, padding left out. */
  readonly tokens: number;
}

/** What a phase trains on. */
export interface PhaseInput {
  readonly phase: SftPhase;
  readonly examples: readonly Example[];
  /** Indexes of examples, batch by batch. */
  readonly batches: readonly (readonly number[])[];
  /** Steps that were made before. */
  readonly done: number;
  /** After those steps; the engine holds its parameters. */
  readonly state: TrainingState;
}

/** Makes the remaining steps of a phase, one for each turn of the loop over it. Leaving the loop stops it. */
export async function* runPhase(
  engine: GradientEngine,
  { phase, examples, batches, done, state: start }: PhaseInput,
): AsyncGenerator<PhaseStep, void> {
  const split = splitParameters(engine.parameters, phase.optimizer);
  const steps = batches.length;
  let state = start;
  for (const [index, batch] of batches.entries()) {
    if (index < done) continue;
    const rows = batch.flatMap((example) => examples[example] ?? []);
    const { gradient, nll, tokens } = await batchGradient(engine, rows, phase);
    const update = { gradient, step: index + 1, steps };
    state = await updateParameters(state, split, phase, update, engine);
    await engine.writeParameters(state.parameters);
    yield { step: index + 1, steps, state, nll, tokens };
  }
}
