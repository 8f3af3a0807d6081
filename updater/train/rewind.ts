import { crashPoint } from "../../core/index.ts";
import { decodeAdapter } from "../../llama/index.ts";
import type { Rewind } from "../../proto/index.ts";
import type { FleetClient } from "../../transport/index.ts";
import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import type { CheckpointStore } from "../checkpoints/checkpoint-store.ts";
import { noMoments } from "../optimizer/adamw.ts";

/** What going back takes. */
export interface RewindParts {
  readonly run: string;
  readonly coordinator: Pick<FleetClient, "fetchPolicy">;
  readonly store: Pick<CheckpointStore, "at">;
  /** The state before step 1. */
  readonly start: Checkpoint;
}

/** A state to go on from, and where it came from, in words. */
export interface Rewound {
  readonly state: Checkpoint;
  readonly from: string;
}

/**
 * The state of an older policy as that of step `step`: from its checkpoint, else from its adapter, with a fresh
 * optimizer state.
 *
 * @throws {RemoteError} when its adapter is not kept either
 */
export async function stateOfPolicy(
  { run, coordinator, store, start }: RewindParts,
  step: number,
  { source, adapter }: Rewind,
): Promise<Rewound> {
  const kept = adapter === "" ? start : await store.at(source);
  if (kept?.adapter === adapter) {
    const from = adapter === "" ? "the start" : `the checkpoint of step ${source}`;
    return { state: { ...start, ...kept, ...madeBy(step) }, from };
  }
  const bytes = await coordinator.fetchPolicy({ run, version: source });
  crashPoint("rewind.after-fetch");
  const { tensors } = decodeAdapter(bytes, `the adapter of policy ${source}`);
  const parameters = new Float32Array(start.parameters.length);
  let filled = 0;
  for (const { values } of tensors) {
    parameters.set(values, filled);
    filled += values.length;
  }
  const moments = noMoments(parameters.length);
  const from = `the adapter of policy ${source}, with a fresh optimizer state`;
  return { state: { ...start, adapter, parameters, moments, ...madeBy(step) }, from };
}

/** No batch made the step, and nothing is known of its gradient. */
function madeBy(step: number) {
  return { step, batchDigest: "", skipped: "", nonFiniteSteps: 0, metrics: {} };
}
