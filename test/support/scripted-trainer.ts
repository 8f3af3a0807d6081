import { createHash } from "node:crypto";
import { once } from "node:events";
import { withDeadline } from "../../core/index.ts";
import type { BatchGroup, BatchMessage, Published } from "../../proto/index.ts";
import { encodeRollout } from "../../transport/index.ts";
import type { CoordinatedRun } from "./coordinated-run.ts";

const MESSAGE_DEADLINE_MS = 60_000;

/** A batch as it arrived. */
export interface ReceivedBatch {
  readonly step: number;
  readonly groups: readonly BatchGroup[];
  /** As the coordinator sent it. */
  readonly digest: string;
  /** Of the rollouts that arrived. */
  readonly ownDigest: string;
}

/** A trainer without a model, on the real wire. */
export interface ScriptedTrainer extends AsyncDisposable {
  readonly epoch: number;
  /** The next batch; null when the run needs no more. */
  next(): Promise<ReceivedBatch | null>;
  /** Publishes the adapter of a step; `content` makes it another one. */
  publish(step: number, content?: string): Promise<Published>;
  skip(step: number): Promise<Published>;
  /** Trains whatever comes until the run needs no more; resolves with the batches. */
  trainAll(): Promise<ReceivedBatch[]>;
  /** Trains whatever comes until `signal` aborts, however long that takes to come. */
  trainUntil(signal: AbortSignal): Promise<void>;
}

/** Opens a session with the checkpoint of a step. */
export async function openScriptedTrainer(run: CoordinatedRun, step = 0): Promise<ScriptedTrainer> {
  const client = run.client("updater");
  const adapter = step === 0 ? "" : sha256(adapterOf(step));
  const messages = client.batches({ run: run.run, step, adapter })[Symbol.asyncIterator]();

  async function read(): Promise<BatchMessage> {
    const { value, done } = await withDeadline(
      "a message for the trainer",
      MESSAGE_DEADLINE_MS,
      messages.next(),
    );
    if (done) throw new Error("the stream of batches ended without a word");
    return value;
  }

  const { opened } = await read();
  const epoch = opened?.epoch ?? 0;
  const trainer: ScriptedTrainer = {
    epoch,
    next: async () => {
      const { start, runEnd } = await read();
      if (runEnd) return null;
      const groups: BatchGroup[] = [];
      while (true) {
        const { group, end } = await read();
        if (group) groups.push(group);
        if (end) return { step: start?.step ?? 0, groups, digest: end.digest, ownDigest: digestOf(groups) };
      }
    },
    publish: (published, content = adapterOf(published)) =>
      client.publishPolicy(
        { run: run.run, step: published, epoch, adapter: sha256(content), metrics: { loss: 0.5 } },
        Buffer.from(content),
      ),
    skip: (skipped) => client.skipStep({ run: run.run, step: skipped, epoch, reason: "not finite" }),
    trainAll: async () => {
      const batches: ReceivedBatch[] = [];
      for (let batch = await trainer.next(); batch !== null; batch = await trainer.next()) {
        batches.push(batch);
        await trainer.publish(batch.step);
      }
      return batches;
    },
    trainUntil: async (signal) => {
      let step = 0;
      const aborted = once(signal, "abort").then(() => null);
      while (!signal.aborted) {
        const next = messages.next();
        next.catch(() => {}); // Whoever disposes of the trainer ends it.
        const read = await Promise.race([next, aborted]);
        if (read === null || read.done) return;
        const { value } = read;
        step = value.start?.step ?? step;
        if (value.end) await trainer.publish(step);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await messages.return?.();
    },
  };
  return trainer;
}

/** What a scripted trainer makes of a step. */
export function adapterOf(step: number): string {
  return `adapter of step ${step}`;
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function digestOf(groups: readonly BatchGroup[]): string {
  const digest = createHash("sha256");
  for (const rollout of groups.flatMap(({ rollouts }) => rollouts)) {
    digest.update(createHash("sha256").update(encodeRollout(rollout)).digest());
  }
  return digest.digest("hex");
}
