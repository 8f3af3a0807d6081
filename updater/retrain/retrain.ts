/**
 * A run's training once more, from its record alone: one updater that nothing disturbs, and the digests it finds.
 *
 * @module
 */
import { systemClock } from "../../core/index.ts";
import { type Device, type GradientEngine, openGradientEngine } from "../../llama/index.ts";
import type { BatchGroup } from "../../proto/index.ts";
import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import type { GrpoConfig, LoraConfig, OptimizerConfig } from "../config.ts";
import { adapterDigest, encodeFlatAdapter } from "../encode-adapter.ts";
import { noMoments } from "../optimizer/adamw.ts";
import { assertSameBase, startOf } from "../train/run-updater.ts";
import { type StepSettings, trainStep } from "../train/train-step.ts";

/** What retraining depends on beside the record: what the updater was told. */
export interface RetrainOptions {
  readonly seed: number;
  /** Path of the base model. */
  readonly gguf: string;
  readonly device: Device;
  /** Threads of llama.cpp. */
  readonly threads: number;
  readonly grpo: GrpoConfig;
  readonly lora: LoraConfig;
  readonly optimizer: OptimizerConfig;
}

/** A step that is over, as it was recorded. */
export interface StepToRetrain {
  readonly step: number;
  /** Rewound: the step has no batch, and its policy is policy `source` again. */
  readonly kind: "trained" | "skipped" | "rewound";
  /** Digest of the adapter that the step's policy has; empty for the base. */
  readonly adapter: string;
  readonly source: number;
  /** Optimizer steps of the run, for the course of the learning rate. */
  readonly steps: number;
}

/** What a run has trained. */
export interface RecordToRetrain<Step extends StepToRetrain> {
  /** SHA-256 of the base model's file, in hex. */
  readonly base: string;
  readonly steps: readonly Step[];
  batchOf(step: Step): Promise<BatchGroup[]>;
}

/** What came of a step this time. */
export interface RetrainedStep {
  readonly step: number;
  readonly kind: StepToRetrain["kind"];
  /** Digest that was recorded. */
  readonly adapter: string;
  /** Digest that was found; empty for the base. */
  readonly found: string;
  /** Why the step left everything as it was; empty when it did not. */
  readonly skipped: string;
  /** Whether both took the same way to the same adapter. */
  readonly agrees: boolean;
}

/**
 * Trains the recorded batches in order; ends after the first step that does not agree, since none after it can.
 *
 * @throws {OtherBaseError} when the model is not the one that was trained on
 */
export async function* retrain<Step extends StepToRetrain>(
  options: RetrainOptions,
  record: RecordToRetrain<Step>,
): AsyncGenerator<RetrainedStep, void> {
  const { gguf, device, threads, lora, grpo, seed } = options;
  await using engine = await openGradientEngine({
    gguf,
    device,
    threads,
    trainable: { kind: "lora", ...lora },
    lanes: grpo.lanes,
  });
  assertSameBase(engine.model.digest, record.base);
  const sources = new Set(record.steps.flatMap(({ kind, source }) => (kind === "rewound" ? source : [])));
  const kept = new Map<number, readonly Checkpoint[]>();
  const start = startOf(engine, seed);
  let states: readonly Checkpoint[] = [start];

  for (const recorded of record.steps) {
    if (sources.has(recorded.step - 1)) kept.set(recorded.step - 1, states);
    if (recorded.kind === "rewound") states = statesOf(recorded, kept.get(recorded.source) ?? [], start);
    else {
      const batch = await record.batchOf(recorded);
      states = await makeStep(engine, states, recorded, batch, settingsOf(options, engine, recorded.steps));
    }
    const best = states.find((state) => agreesWith(recorded, state)) ?? states[0];
    const agrees = best !== undefined && agreesWith(recorded, best);
    const { adapter: found = "", skipped = "" } = best ?? {};
    yield { step: recorded.step, kind: recorded.kind, adapter: recorded.adapter, found, skipped, agrees };
    if (!agrees) return;
    states = states.filter((state) => agreesWith(recorded, state));
  }
}

/**
 * What a trainer may have gone back to: the older policy's checkpoint, or its adapter with a fresh optimizer state
 * where that checkpoint was not kept. The next digest tells which.
 */
function statesOf(
  { step, adapter }: StepToRetrain,
  source: readonly Checkpoint[],
  start: Checkpoint,
): Checkpoint[] {
  const made = { step, skipped: "", nonFiniteSteps: 0, metrics: {} };
  if (adapter === "") return [{ ...start, ...made }];
  return source.flatMap((state) => [
    { ...state, ...made },
    { ...state, moments: noMoments(state.parameters.length), ...made },
  ]);
}

/** Makes the step from each state that there may have been. */
async function makeStep(
  engine: GradientEngine,
  states: readonly Checkpoint[],
  { step }: StepToRetrain,
  groups: readonly BatchGroup[],
  settings: StepSettings,
): Promise<Checkpoint[]> {
  const made: Checkpoint[] = [];
  for (const state of states) {
    await engine.writeParameters(state.parameters);
    made.push(await trainStep(engine, state, { step, groups, digest: "" }, settings));
  }
  return made;
}

function agreesWith({ kind, adapter }: StepToRetrain, state: Checkpoint): boolean {
  return adapter === state.adapter && (kind === "skipped") === (state.skipped !== "");
}

function settingsOf(
  { grpo, optimizer, lora }: RetrainOptions,
  engine: GradientEngine,
  steps: number,
): StepSettings {
  const layout = { base: engine.model.digest, alpha: lora.alpha, parameters: engine.parameters };
  const digestOf = (parameters: Float32Array) => adapterDigest(encodeFlatAdapter(layout, parameters));
  return { grpo, optimizer, steps, clock: systemClock, digestOf };
}
