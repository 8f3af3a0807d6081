import { createHash } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { z } from "zod";
import { readCheckpoint, writeCheckpoint } from "../checkpoints/checkpoint-file.ts";
import { UnusableCheckpointError } from "../checkpoints/errors.ts";
import type { SftConfig } from "./config.ts";
import type { TrainingState } from "./parameter-update.ts";

/** How far a fine-tuning has come. */
export interface SftProgress {
  /** Index of the phase. */
  readonly phase: number;
  /** Steps of the phase that are done. */
  readonly step: number;
  readonly state: TrainingState;
}

const About = z.object({
  identity: z.string(),
  phase: z.int(),
  step: z.int(),
  updates: z.int(),
});

/** Where a fine-tuning keeps what it needs to be continued. */
export interface SavedState {
  /** What was saved last; null before the first time. */
  load(): Promise<SftProgress | null>;
  save(progress: SftProgress): Promise<void>;
  remove(): Promise<void>;
}

/** What two fine-tunings must have in common for one to continue the other. */
export function sftIdentity(config: SftConfig, modelDigest: string): string {
  const { saveEverySteps: _, heldOut: __, ...rest } = config;
  return createHash("sha256").update(JSON.stringify({ rest, modelDigest })).digest("hex");
}

/**
 * The state beside the file that a fine-tuning writes.
 *
 * @throws {UnusableCheckpointError} from `load`, when what is there is damaged or of another fine-tuning
 */
export function savedState(path: string, identity: string): SavedState {
  return {
    async load() {
      if (!(await exists(path))) return null;
      const { about, arrays } = await readCheckpoint(path);
      const { success, data } = About.safeParse(about);
      const { parameters, mean, square, momentum } = arrays;
      if (!success || !parameters || !mean || !square || !momentum || data.identity !== identity) {
        throw new UnusableCheckpointError(
          `${path} was left by a fine-tuning with another configuration or base: remove it to start anew`,
        );
      }
      const moments = { mean, square, updates: data.updates };
      return { phase: data.phase, step: data.step, state: { parameters, moments, momentum } };
    },
    async save({ phase, step, state: { parameters, moments, momentum } }) {
      const about: z.output<typeof About> = { identity, phase, step, updates: moments.updates };
      const arrays = { parameters, mean: moments.mean, square: moments.square, momentum };
      await writeCheckpoint(path, { about, arrays });
    },
    remove: () => rm(path, { force: true }),
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
