import { dispositionOf, randomKey } from "../core/index.ts";
import type { Engine, GroupRequest, SampleFailure } from "../llama/index.ts";
import type { Granted, Reference } from "../proto/index.ts";
import { MalformedMessageError } from "../transport/index.ts";
import { readPrefix } from "./completion-record.ts";
import type { LeasedGroup } from "./leased-group.ts";
import { MalformedTaskError, type ReadTask, readTask } from "./read-task.ts";
import { prepareScoring } from "./reward-order.ts";
import type { ScoreOrder } from "./reward-protocol.ts";

/** A group that the engine can start. */
export interface PreparedGroup {
  readonly task: ReadTask;
  readonly request: GroupRequest;
  readonly scoring: (reply: string) => ScoreOrder;
}

/** What preparing needs. */
export interface PrepareDeps {
  readonly engine: Pick<Engine, "tokenizePrompt">;
  /** The reference of a task that carries only its digest. */
  readonly fetchReference: (digest: string) => Promise<Reference>;
}

/**
 * Turns a leased task into the engine's terms.
 *
 * @returns the group, or why no worker can serve it: bytes that are no task, a prompt that the template cannot render,
 *   reward options that cannot be read
 * @throws what another worker, or this one later, may not meet: the store or the engine failed
 */
export async function prepareGroup(
  { address, body, granted }: LeasedGroup,
  deps: PrepareDeps,
): Promise<PreparedGroup | SampleFailure> {
  try {
    const task = readTask(body, address);
    const scoring = prepareScoring(task, await referenceOf(task, deps));
    const prompt = await deps.engine.tokenizePrompt(task.messages);
    return { task, request: requestOf(task, granted, prompt), scoring };
  } catch (error) {
    if (dispositionOf(error) !== "reject" && !(error instanceof SyntaxError)) throw error;
    return {
      errorClass: errorClassOf(error),
      message: error instanceof Error ? error.message : String(error),
      retry: false,
    };
  }
}

function errorClassOf(error: unknown): string {
  const malformed = error instanceof MalformedTaskError || error instanceof MalformedMessageError;
  return malformed ? "malformed" : "task-unservable";
}

function referenceOf(task: ReadTask, deps: PrepareDeps): Promise<Reference> | Reference {
  return task.reference ?? deps.fetchReference(task.referenceDigest);
}

function requestOf(task: ReadTask, granted: Granted, prompt: Int32Array): GroupRequest {
  return {
    task: task.task,
    prompt,
    sampling: task.sampling,
    samples: granted.samples.map(({ sample, prefix }) => ({
      sample,
      key: randomKey(`${task.seed}/${task.task}/${sample}`),
      ...(prefix === null ? {} : { prefix: readPrefix(prefix) }),
    })),
  };
}
