import { createHash } from "node:crypto";
import type { BatchGroup, BatchMessage } from "../../proto/index.ts";
import { encodeRollout } from "../../transport/index.ts";
import { MalformedBatchError } from "../grpo/training-batch.ts";

/** A batch as it came over the wire, whole. */
export interface ReceivedBatch {
  /** The step that it is for. */
  readonly step: number;
  readonly groups: readonly BatchGroup[];
  /** SHA-256 over the SHA-256 of each rollout's bytes, in hex. */
  readonly digest: string;
}

/**
 * Puts the messages of a trainer's session together into batches, until the run or the stream ends.
 *
 * @param onEnd - told why the run ended, when it did
 * @throws {MalformedBatchError} when messages come out of order, or a batch is not what its digest says
 */
export async function* receivedBatches(
  messages: AsyncIterator<BatchMessage>,
  onEnd: (reason: string) => void,
): AsyncGenerator<ReceivedBatch, void> {
  while (true) {
    const { done, value: message } = await messages.next();
    if (done) return;
    if (message.runEnd) return onEnd(message.runEnd.reason);
    if (!message.start) throw new MalformedBatchError(`expected a batch to start, got "${message.message}"`);
    const batch = await receiveBatch(message.start, messages);
    if (batch === null) return;
    yield batch;
  }
}

/** Null when the stream ended inside the batch. */
async function receiveBatch(
  { step, groups: expected }: { readonly step: number; readonly groups: number },
  messages: AsyncIterator<BatchMessage>,
): Promise<ReceivedBatch | null> {
  const groups: BatchGroup[] = [];
  while (true) {
    const { done, value: message } = await messages.next();
    if (done) return null;
    if (message.group) {
      groups.push(message.group);
      continue;
    }
    const digest = digestOf(groups);
    if (message.end?.digest !== digest || groups.length !== expected) {
      throw new MalformedBatchError(
        `the batch of step ${step} has ${groups.length} of ${expected} groups and digest ${digest}, the coordinator says ${message.end?.digest ?? `"${message.message}"`}`,
      );
    }
    return { step, groups, digest };
  }
}

function digestOf(groups: readonly BatchGroup[]): string {
  const hash = createHash("sha256");
  for (const rollout of groups.flatMap(({ rollouts }) => rollouts)) {
    hash.update(createHash("sha256").update(encodeRollout(rollout)).digest());
  }
  return hash.digest("hex");
}
