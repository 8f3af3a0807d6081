import { ForeignInputError } from "../core/index.ts";
import type { RewardSettings, Sampling, Task } from "../proto/index.ts";
import { decodeTask, type TaskAddress } from "../transport/index.ts";

/** The bytes on a subject are not a task that anybody can serve. */
export class MalformedTaskError extends ForeignInputError {
  readonly code = "workers.malformed_task";
  readonly disposition = "reject";
}

/** A task with the fields that no worker can do without. */
export interface ReadTask extends Task {
  readonly sampling: Sampling;
  readonly reward: RewardSettings;
}

/**
 * Reads the body of a delivery.
 *
 * @throws {MalformedTaskError} when it is no task, not that of its subject, or lacks a field
 */
export function readTask(body: Uint8Array, address: TaskAddress): ReadTask {
  const task = decode(body);
  const { sampling, reward } = task;
  if (task.task !== address.task || task.lane !== address.lane) {
    throw new MalformedTaskError(
      `the body is of task ${task.lane}/${task.task}, the subject of ${address.lane}/${address.task}`,
    );
  }
  if (sampling === null) throw new MalformedTaskError(`task ${task.task} has no sampling parameters`);
  if (reward === null) throw new MalformedTaskError(`task ${task.task} has no reward settings`);
  if (task.messages.length === 0) throw new MalformedTaskError(`task ${task.task} has no messages`);
  return { ...task, sampling, reward };
}

function decode(body: Uint8Array): Task {
  try {
    return decodeTask(body);
  } catch (cause) {
    throw new MalformedTaskError(`a body of ${body.byteLength} bytes is not a task`, { cause });
  }
}
