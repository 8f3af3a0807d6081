import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, openBackend } from "../../llama/gradients/backend.ts";
import {
  type MicroBatch,
  PROJECTIONS,
  randomTokens,
  type TensorType,
  writeTrainedModel,
} from "../../llama/index.ts";
import { loadLibraries } from "../../llama/native/libraries.ts";
import { openModelHere } from "../support/gradient-models.ts";
import { cosine } from "../support/gradients.ts";
import { uniformNumbers } from "../support/shaped-model.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const VOCABULARY = 272;
const PROMPT = 60;

let folder: TemporaryFolder;
let backend: Backend;
beforeAll(async () => {
  folder = await openTemporaryFolder();
  await writeTinyModel(folder.file("base.gguf"), {
    isTied: false,
    embedding: 256,
    heads: 4,
    feedForward: 512,
  });
  backend = openBackend(loadLibraries("cpu"), 1);
});
afterAll(async () => {
  backend[Symbol.dispose]();
  await folder[Symbol.asyncDispose]();
});

/** Two prompts, each with four completions. */
const groups: readonly MicroBatch[] = [0, 1].map((group) => ({
  temperature: 1,
  sequences: [20, 33, 5, 41].map((length, sample) => ({
    tokens: Int32Array.of(
      ...randomTokens(`prompt ${group}`, VOCABULARY, PROMPT),
      ...randomTokens(`completion ${sample} of ${group}`, VOCABULARY, length),
    ),
    from: PROMPT,
  })),
}));

describe("a LoRA's gradient on a base of another type", () => {
  // Forward rounds activations as the sampler does, which no choice of weights can undo; more layers round more often.
  const close = { overall: 0.999, worst: 0.998 };
  const closer = { overall: 0.99999, worst: 0.99999 };
  const cases: readonly { type: TensorType; overall: number; worst: number }[] = [
    { type: "F32", ...closer },
    { type: "F16", ...closer },
    { type: "BF16", overall: 0.9999, worst: 0.9998 }, // To eight bits: 0.99999 would take one more.
    { type: "Q8_0", ...close },
    { type: "Q6_K", ...close },
    { type: "Q5_K", ...close },
    { type: "Q4_K", ...close },
    { type: "Q4_0", ...close },
    { type: "IQ4_NL", ...close },
  ];

  it.each(cases)(
    "has the direction that it has on the same weights as float32: $type, cosine at least $overall, of a tensor $worst",
    async ({ type, overall, worst }) => {
      const stored = await convert(folder.file("base.gguf"), type);
      const dequantized = await convert(stored, "F32");

      const found = await gradientOn(stored);
      const wanted = await gradientOn(dequantized);

      const cosines = found.map(({ values }, index) =>
        cosine(values, wanted[index]?.values ?? new Float32Array(values.length)),
      );
      const all = cosine(...([found, wanted].map(joined) as [Float32Array, Float32Array]));
      process.stderr.write(
        `${type}: cosine ${all.toFixed(7)}, of a tensor ${Math.min(...cosines).toFixed(7)}\n`,
      );
      expect(all).toBeGreaterThanOrEqual(overall);
      expect(Math.min(...cosines)).toBeGreaterThanOrEqual(worst);
    },
  );
});

/** The model with its matrices stored as a type. */
async function convert(base: string, type: TensorType): Promise<string> {
  const path = base.replace(".gguf", `-${type}.gguf`);
  await writeTrainedModel(path, { base, type, weights: new Map(), metadata: new Map() });
  return path;
}

/** By tensor, under an adapter whose B is not zero. */
async function gradientOn(gguf: string): Promise<{ name: string; values: Float32Array }[]> {
  using model = await openModelHere(gguf, {
    trainable: { kind: "lora", rank: 8, alpha: 16, targets: PROJECTIONS },
    backends: [backend],
  });
  model.writeParameters(uniformNumbers(model.readParameters().length, 0.05, "adapter"));
  for (const [index, group] of groups.entries()) {
    await model.forward(group, "trained");
    await model.backward(coefficientsOf(group, index));
  }
  const gradient = model.takeGradients();
  let offset = 0;
  return model.parameters.map(({ name, rows, columns }) => {
    const values = gradient.subarray(offset, offset + rows * columns);
    offset += values.length;
    return { name, values };
  });
}

/** One number for all tokens of a completion, as an advantage is; they sum to zero. */
function coefficientsOf({ sequences }: MicroBatch, group: number): Float32Array {
  const advantages =
    [
      [1, -1, 0.5, -0.5],
      [-0.3, 1.2, -1.1, 0.2],
    ][group] ?? [];
  return Float32Array.from(
    sequences.flatMap(({ tokens, from }, sample) =>
      Array<number>(tokens.length - from).fill(advantages[sample] ?? 0),
    ),
  );
}

function joined(parts: readonly { values: Float32Array }[]): Float32Array {
  return Float32Array.from(parts.flatMap(({ values }) => [...values]));
}
