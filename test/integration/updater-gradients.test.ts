import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../core/index.ts";
import { type GradientEngine, openGradientEngine } from "../../llama/index.ts";
import { GrpoConfig, stepGradient, trainingBatch } from "../../updater/index.ts";
import { largestError, readLoraReference } from "../support/gradients.ts";
import { readGrpoReference } from "../support/grpo-reference.ts";

const lora = await readLoraReference();
const { groups, cases } = await readGrpoReference();
let engine: GradientEngine;

beforeAll(async () => {
  const { gguf, trainable } = lora;
  engine = await openGradientEngine({ gguf, device: "cpu", threads: 1, trainable });
  await engine.writeParameters(lora.trained);
});

afterAll(() => engine[Symbol.asyncDispose]());

function gradientOf(options: Partial<GrpoConfig>, reference: "off" | Float32Array = lora.reference) {
  const grpo = GrpoConfig.parse(options);
  return stepGradient(engine, trainingBatch(groups, grpo), { grpo, reference, step: 1, clock: systemClock });
}

describe("the gradient of the GRPO loss, B ≠ 0", () => {
  it.each(cases)("agrees with a float64 reference to 1e-5: $name", async ({ options, loss, gradient }) => {
    const ours = await gradientOf(options);

    expect(largestError(engine.parameters, ours.gradient, gradient)).toBeLessThan(1e-5);
    expect(ours.metrics.loss).toBeCloseTo(loss, 6);
  });

  it.each([1, 20, 33, 50])("is the same to 1e-6 in micro-batches of %i tokens", async (tokenBudget) => {
    const whole = await gradientOf({ beta: 0.1, tokenBudget: 10_000 });

    const packed = await gradientOf({ beta: 0.1, tokenBudget });

    expect(largestError(engine.parameters, packed.gradient, whole.gradient)).toBeLessThan(1e-6);
  });
});

describe("the gradient on two lanes", () => {
  it("has the bytes and the metrics that one lane gives for the same settings", async () => {
    const { gguf, trainable } = lora;
    await using twoLanes = await openGradientEngine({ gguf, device: "cpu", threads: 1, trainable, lanes: 2 });
    await twoLanes.writeParameters(lora.trained);
    const grpo = GrpoConfig.parse({ beta: 0.1, tokenBudget: 24, lanes: 2 });
    const options = { grpo, reference: lora.reference, step: 1, clock: systemClock };

    const inTurn = await stepGradient(engine, trainingBatch(groups, grpo), options);
    const atOnce = await stepGradient(twoLanes, trainingBatch(groups, grpo), options);

    expect(twoLanes.lanes).toBe(2);
    expect(bytesOf(atOnce.gradient).equals(bytesOf(inTurn.gradient))).toBe(true);
    expect(atOnce.metrics).toEqual(inTurn.metrics);
  });

  it("is that of its own step alone where one lane failed in the step before", async () => {
    const { gguf, trainable } = lora;
    await using twoLanes = await openGradientEngine({ gguf, device: "cpu", threads: 1, trainable, lanes: 2 });
    await twoLanes.writeParameters(lora.trained);
    const grpo = GrpoConfig.parse({ tokenBudget: 24, lanes: 2 });
    const options = { grpo, reference: lora.reference, step: 1, clock: systemClock };
    const failing: GradientEngine = {
      ...twoLanes,
      backward: async (...call) => {
        if (call[2] === 3) throw new Error("the fourth micro-batch fails");
        await twoLanes.backward(...call);
      },
    };

    const failed = stepGradient(failing, trainingBatch(groups, grpo), options);
    await expect(failed).rejects.toThrow("the fourth micro-batch fails");
    const after = await stepGradient(twoLanes, trainingBatch(groups, grpo), options);

    const alone = await stepGradient(engine, trainingBatch(groups, grpo), options);
    expect(bytesOf(after.gradient).equals(bytesOf(alone.gradient))).toBe(true);
  });
});

describe("the divergence from the reference", () => {
  it("is exactly zero before the first step, when the adapter changes nothing", async () => {
    const untrained = lora.trained.slice();
    zeroB(untrained);
    await engine.writeParameters(untrained);

    const { metrics } = await gradientOf({ tokenBudget: 40, klMicroBatches: 100 }, "off");

    await engine.writeParameters(lora.trained);
    expect(metrics.kl).toBe(0);
  });
});

function zeroB(flat: Float32Array): void {
  let from = 0;
  for (const { name, rows, columns } of engine.parameters) {
    if (name.endsWith(".lora_b")) flat.fill(0, from, from + rows * columns);
    from += rows * columns;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
