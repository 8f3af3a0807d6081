/**
 * The updater's checkpoints: one file a step, from which training goes on to the same bytes.
 *
 * @module
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { crashPoint } from "../../core/index.ts";
import type { CheckpointConfig } from "../config.ts";
import {
  type Checkpoint,
  type CheckpointIdentity,
  pathOfStep,
  readStep,
  stepsIn,
  writeStep,
} from "./checkpoint.ts";
import { UnusableCheckpointError } from "./errors.ts";
import { stepsToKeep } from "./retention.ts";

/** The checkpoints of one run. */
export interface CheckpointStore {
  /**
   * The newest checkpoint, verified; null before the first.
   *
   * @throws {UnusableCheckpointError} when it is damaged or of another run
   */
  newest(): Promise<Checkpoint | null>;
  /** The checkpoint of a step, verified; null when it is not kept. Throws as `newest` does. */
  at(step: number): Promise<Checkpoint | null>;
  /** Writes a checkpoint durably, then removes those that need not stay. */
  save(checkpoint: Checkpoint): Promise<void>;
}

/** The checkpoints in `folder`, which is made; what an interrupted write left there is removed. */
export async function openCheckpointStore(
  folder: string,
  identity: CheckpointIdentity,
  retention: CheckpointConfig,
): Promise<CheckpointStore> {
  await mkdir(folder, { recursive: true });
  const leftovers = (await readdir(folder)).filter((name) => name.endsWith(".tmp"));
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { force: true })));

  async function read(step: number): Promise<Checkpoint> {
    const found = await readStep(folder, step);
    assertSame(pathOfStep(folder, step), found.identity, identity);
    return found.checkpoint;
  }

  return {
    async newest() {
      const step = (await stepsIn(folder)).at(-1);
      return step === undefined ? null : await read(step);
    },
    at: async (step) => ((await stepsIn(folder)).includes(step) ? await read(step) : null),
    async save(checkpoint) {
      await writeStep(folder, checkpoint, identity);
      crashPoint("checkpoint.after-rename");
      const steps = await stepsIn(folder);
      const kept = stepsToKeep(steps, retention);
      const superfluous = steps.filter((step) => !kept.has(step));
      await Promise.all(superfluous.map((step) => rm(pathOfStep(folder, step), { force: true })));
    },
  };
}

/** @throws {UnusableCheckpointError} naming the first thing in which a checkpoint and the run differ */
function assertSame(path: string, found: CheckpointIdentity, wanted: CheckpointIdentity): void {
  const theirs = describe(found);
  const ours = describe(wanted);
  const name = Object.keys(ours).find((key) => ours[key] !== theirs[key]);
  if (name === undefined) return;
  throw new UnusableCheckpointError(
    `the checkpoint ${path} has ${name} ${theirs[name]}, this run ${ours[name]}: start a new run for another one`,
  );
}

function describe({ base, seed, lora }: CheckpointIdentity): Record<string, string> {
  return {
    "base model": base,
    seed: String(seed),
    "adapter rank": String(lora.rank),
    "adapter alpha": String(lora.alpha),
    "adapter targets": lora.targets.join(", "),
  };
}
