import { createHash } from "node:crypto";
import { pause } from "../../core/index.ts";
import type { BatchGroup, BatchMessageInit, OpenTrainer } from "../../proto/index.ts";
import type { FleetHandlers } from "../../transport/index.ts";
import { handlersThat } from "./fleet-handlers.ts";
import { batchMessages } from "./training-groups.ts";

/** A coordinator that serves trainers the same batches every time, and keeps what they publish. */
export interface TrainerCoordinator {
  readonly handlers: FleetHandlers;
  /** Digest of the adapter of each step, in the order in which they were published; repeats included. */
  readonly published: { readonly step: number; readonly adapter: string }[];
  /** The newest step that is published. */
  step(): number;
}

/** Moments of a run at which a test may do something; what they return is awaited. */
export interface TrainerMoments {
  /** A trainer's session is open, before its first batch. */
  readonly onOpened?: () => Promise<void>;
  /** A step's batch has gone out. */
  readonly onBatch?: (step: number) => Promise<void>;
  /** A step has arrived, and is not taken over yet. */
  readonly beforePublished?: (step: number) => Promise<void>;
  /** A step is taken over, and the trainer not told yet. */
  readonly afterPublished?: (step: number) => Promise<void>;
}

/**
 * @param base - digest of the run's base model
 * @param batches - the groups of step 1, 2, …; the run ends after the last
 */
export function trainerCoordinator(
  base: string,
  batches: readonly (readonly BatchGroup[])[],
  moments: TrainerMoments = {},
): TrainerCoordinator {
  const published: { step: number; adapter: string }[] = [];
  let step = 0;
  let epoch = 0;

  async function* serve(open: OpenTrainer): AsyncGenerator<BatchMessageInit, void> {
    yield { opened: { epoch: ++epoch, step } };
    await moments.onOpened?.();
    for (let next = Math.max(step, open.step) + 1; next <= batches.length; next++) {
      yield* batchMessages(next, batches[next - 1] ?? []);
      await moments.onBatch?.(next);
      while (step < next - 1) await pause(1);
    }
    while (step < batches.length) await pause(1);
    yield { runEnd: { reason: "all steps are done" } };
  }

  const handlers = handlersThat({
    connect: async () => ({ run: "run1", baseDigest: base }),
    batches: serve,
    publishPolicy: async (header, adapter) => {
      await moments.beforePublished?.(header.step);
      const digest = createHash("sha256")
        .update(Buffer.concat(await Array.fromAsync(adapter)))
        .digest("hex");
      if (digest !== header.adapter) throw new Error(`step ${header.step} arrived with digest ${digest}`);
      published.push({ step: header.step, adapter: digest });
      step = Math.max(step, header.step);
      await moments.afterPublished?.(header.step);
      return { version: step };
    },
  });
  return { handlers, published, step: () => step };
}
