import { encodeFlatAdapter } from "../encode-adapter.ts";
import { readStep, stepsIn } from "./checkpoint.ts";
import { UnusableCheckpointError } from "./errors.ts";

/**
 * The adapter of a kept checkpoint, with the bytes it was published with.
 *
 * @param folder - of a run's checkpoints
 * @param step - the newest when left out
 * @throws {UnusableCheckpointError} naming the steps that are kept when that one is not, or a damaged file
 */
export async function readAdapter(
  folder: string,
  step?: number,
): Promise<{ readonly step: number; readonly adapter: Uint8Array }> {
  const kept = await stepsIn(folder);
  const chosen = step ?? kept.at(-1);
  if (chosen === undefined) throw new UnusableCheckpointError(`${folder} has no checkpoint yet`);
  if (!kept.includes(chosen)) {
    throw new UnusableCheckpointError(
      `${folder} has no checkpoint of step ${chosen}; kept are ${kept.join(", ") || "none"}`,
    );
  }
  const { checkpoint, identity } = await readStep(folder, chosen);
  const layout = { base: identity.base, alpha: identity.lora.alpha, parameters: identity.parameters };
  return { step: chosen, adapter: encodeFlatAdapter(layout, checkpoint.parameters) };
}

/** Whether the checkpoint of a step is kept. @param folder - of a run's checkpoints */
export async function holdsCheckpoint(folder: string, step: number): Promise<boolean> {
  return (await stepsIn(folder)).includes(step);
}
