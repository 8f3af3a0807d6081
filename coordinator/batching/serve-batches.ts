import { createHash } from "node:crypto";
import { crashPoint } from "../../core/index.ts";
import type { BatchMessageInit, OpenTrainer, RewindInit } from "../../proto/index.ts";
import { decodeRollout, type RolloutStore } from "../../transport/index.ts";
import { fetchRollout } from "../collecting/fetch-rollout.ts";
import { isTrained } from "../issuing/run-end.ts";
import type { BatchRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { Core } from "../serving/core.ts";
import { CheckpointMismatchError, RewoundError, TrainerFencedError } from "./trainer-errors.ts";

/**
 * Streams batches to a trainer, from the one after its checkpoint's on; ends when the run needs no more. Where the
 * ledger went back to an older policy, the trainer is told to go on from that one.
 *
 * @throws {CheckpointMismatchError} when the checkpoint is neither the ledger's newest step nor one ahead of it
 * @throws {TrainerFencedError} once another trainer has opened
 * @throws {RewoundError} once the ledger goes back to an older policy
 */
export async function* serveBatches(
  core: Core,
  store: RolloutStore,
  open: OpenTrainer,
  signal: AbortSignal,
): AsyncGenerator<BatchMessageInit> {
  const { state } = core;
  const rewind = newestRewind(state);
  if (rewind === null) assertCheckpointFits(state, open);
  const session = { epoch: state.trainerEpoch + 1, rewinds: state.rewinds };
  const first = (rewind === null ? open.step : state.step) + 1;
  await core.decide({ type: "trainer_opened", epoch: session.epoch });
  crashPoint("batches.after-open");
  using _ = core.trainer.enter();
  yield { opened: { epoch: session.epoch, step: state.step, rewind } };
  for (let step = first; ; step++) {
    const batch = await nextBatch(core, step, session, signal);
    if (batch === null) return yield { runEnd: { reason: "every step is trained" } };
    yield* messagesOf(core, store, batch);
    crashPoint("batches.after-send");
  }
}

/** What a session began with; it ends where these change. */
interface Session {
  readonly epoch: number;
  readonly rewinds: number;
}

/** Waits for the batch of a step; null when the run ends without it. */
async function nextBatch(
  { state, changes }: Core,
  step: number,
  { epoch, rewinds }: Session,
  signal: AbortSignal,
): Promise<BatchRecord | null> {
  while (true) {
    if (state.trainerEpoch !== epoch) {
      throw new TrainerFencedError(`trainer epoch ${state.trainerEpoch} has opened; epoch ${epoch} ends`);
    }
    if (state.rewinds !== rewinds) {
      throw new RewoundError(`policy ${state.step} is an older one again: open a new session`);
    }
    const batch = state.batches.get(step);
    if (batch !== undefined) return batch;
    if (isTrained(state) || state.phase === "ended" || state.phase === "failed") return null;
    await changes.next(signal);
  }
}

/** Where the newest step went back to; null when it was trained or skipped. */
function newestRewind({ step, steps, policies }: LedgerState): RewindInit | null {
  const source = steps.get(step)?.source ?? null;
  return source === null ? null : { source, adapter: policies[step]?.adapter ?? "" };
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
  crashPoint("batches.after-append");
  yield { start: { step, groups: groups.length } };
  const digest = createHash("sha256");
  for (const { task, sequences } of members) {
    const stored = await Promise.all(sequences.map((sequence) => fetchRollout(store, task, sequence)));
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
  const back = `"fleet train --resume --from-step N" goes on from an older one`;
  if (step === state.step) {
    const known = state.policies[step]?.adapter ?? "";
    if (step === 0 || known === adapter) return;
    throw new CheckpointMismatchError(
      `the trainer's checkpoint of step ${step} holds adapter ${adapter}, the ledger's policy ${step} is ${known}: give the updater the checkpoints of this run; ${back}`,
    );
  }
  if (step === state.step + 1 && state.batches.has(step)) return;
  const newest = step === 0 ? "the trainer has no checkpoint" : `the trainer's checkpoint is of step ${step}`;
  throw new CheckpointMismatchError(
    `${newest} and the ledger is at step ${state.step}: give the updater the checkpoints of this run; ${back}`,
  );
}
