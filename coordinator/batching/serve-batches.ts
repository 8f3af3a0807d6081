import { createHash } from "node:crypto";
import type { BatchMessageInit, OpenTrainer } from "../../proto/index.ts";
import { decodeRollout, type RolloutStore } from "../../transport/index.ts";
import { isTrained } from "../issuing/run-end.ts";
import type { BatchRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { Core } from "../serving/core.ts";
import { CheckpointMismatchError, TrainerFencedError } from "./trainer-errors.ts";

/**
 * Streams batches to a trainer, from the one after its checkpoint's on; ends when the run needs no more.
 *
 * @throws {CheckpointMismatchError} when the checkpoint is neither the ledger's newest step nor one ahead of it
 * @throws {TrainerFencedError} once another trainer has opened
 */
export async function* serveBatches(
  core: Core,
  store: RolloutStore,
  open: OpenTrainer,
  signal: AbortSignal,
): AsyncGenerator<BatchMessageInit> {
  const { state } = core;
  assertCheckpointFits(state, open);
  const epoch = state.trainerEpoch + 1;
  await core.decide({ type: "trainer_opened", epoch });
  yield { opened: { epoch, step: state.step } };
  for (let step = open.step + 1; ; step++) {
    const batch = await nextBatch(core, step, epoch, signal);
    if (batch === null) return yield { runEnd: { reason: "every step is trained" } };
    yield* messagesOf(core, store, batch);
  }
}

/** Waits for the batch of a step; null when the run ends without it. */
async function nextBatch(
  { state, changes }: Core,
  step: number,
  epoch: number,
  signal: AbortSignal,
): Promise<BatchRecord | null> {
  while (true) {
    if (state.trainerEpoch !== epoch) {
      throw new TrainerFencedError(`trainer epoch ${state.trainerEpoch} has opened; epoch ${epoch} ends`);
    }
    const batch = state.batches.get(step);
    if (batch !== undefined) return batch;
    if (isTrained(state) || state.phase === "ended" || state.phase === "failed") return null;
    await changes.next(signal);
  }
}

async function* messagesOf(
  core: Core,
  store: RolloutStore,
  { step, groups }: BatchRecord,
): AsyncGenerator<BatchMessageInit> {
  // The sequences are read first: a batch that is trained meanwhile by its publication is let go.
  const members = groups.map(({ task, samples }) => ({
    task,
    sequences: sequencesOf(core.state, task, samples),
  }));
  await core.settled();
  yield { start: { step, groups: groups.length } };
  const digest = createHash("sha256");
  for (const { task, sequences } of members) {
    const stored = await Promise.all(sequences.map((sequence) => store.get(sequence)));
    for (const bytes of stored) digest.update(createHash("sha256").update(bytes).digest());
    yield { group: { task, rollouts: stored.map(decodeRollout) } };
  }
  yield { end: { digest: digest.digest("hex") } };
}

function sequencesOf(state: LedgerState, task: string, samples: readonly number[]): number[] {
  const record = state.tasks.get(task);
  return samples.flatMap((index) => record?.samples[index]?.rollout?.sequence ?? []);
}

function assertCheckpointFits(state: LedgerState, { step, adapter }: OpenTrainer): void {
  if (step === state.step) {
    const known = state.policies[step]?.adapter ?? "";
    if (step === 0 || known === adapter) return;
    throw new CheckpointMismatchError(
      `the trainer's checkpoint of step ${step} holds adapter ${adapter}, the ledger's policy ${step} is ${known}`,
    );
  }
  if (step === state.step + 1 && state.batches.has(step)) return;
  throw new CheckpointMismatchError(
    `the trainer's checkpoint is of step ${step} and the ledger is at step ${state.step}: give the updater the checkpoints of this run`,
  );
}
