import { FleetError, pause, withDeadline } from "../core/index.ts";
import type { ModelConfig, ModelInfo } from "../llama/index.ts";
import { BASE_VARIANT, type FleetClient } from "../transport/index.ts";

/** The loaded model is not one that the run samples with. */
class WrongModelError extends FleetError {
  readonly code = "workers.wrong_model";
  readonly disposition = "reject";
}

/** The updater loads its model, and says what it is like when it joins. */
const LAYOUT_MS = 900_000;
const ASK_MS = 1_000;

/**
 * Which of the run's models a file is: log-probabilities of any other would poison the training.
 *
 * @returns the name of the variant, {@link BASE_VARIANT} of the training base
 * @throws {WrongModelError}
 */
export function variantOf(
  { gguf, variants }: Pick<ModelConfig, "gguf" | "variants">,
  digest: string,
  baseDigest: string,
): string {
  if (digest === baseDigest) return BASE_VARIANT;
  const known = Object.entries(variants).map(([name, { sha256 }]) => ({ name, sha256 }));
  const found = known.find(({ sha256 }) => sha256 === digest);
  if (found !== undefined) return found.name;
  const others = known.map(({ name, sha256 }) => `, its variant ${name} has ${sha256}`).join("");
  throw new WrongModelError(
    `${gguf} is not a model of this run: its SHA-256 is ${digest}, the run's base has ${baseDigest}${others}`,
  );
}

/**
 * Checks that a variant has the base's shapes and tokenizer, once the updater has said what its base is like.
 *
 * @throws {WrongModelError}
 * @throws {DeadlineError} when no updater says it within a quarter of an hour
 */
export async function assertLikeBase(
  variant: string,
  { layout }: Pick<ModelInfo, "layout">,
  client: Pick<FleetClient, "connect">,
  signal: AbortSignal,
): Promise<void> {
  if (variant === BASE_VARIANT) return;
  const asked = new AbortController();
  const until = AbortSignal.any([signal, asked.signal]);
  const told = async () => {
    for (;;) {
      const { baseLayout } = await client.connect("worker", { signal: until });
      if (baseLayout !== "") return baseLayout;
      await pause(ASK_MS, until);
      until.throwIfAborted();
    }
  };
  const base = await withDeadline("the updater to say what its model is like", LAYOUT_MS, told()).finally(
    () => asked.abort(),
  );
  if (layout === base) return;
  throw new WrongModelError(
    `the variant ${variant} is no quantization of the run's base: its shapes, its tokenizer or its chat template are others`,
  );
}
