import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../core/index.ts";
import { type GradientEngine, openGradientEngine, PROJECTIONS, readModelInfo } from "../../llama/index.ts";
import type { BatchGroup } from "../../proto/index.ts";
import { adapterDigest, encodeFlatAdapter } from "../../updater/encode-adapter.ts";
import {
  type Checkpoint,
  GrpoConfig,
  LoraConfig,
  noMoments,
  OptimizerConfig,
  type RetrainedStep,
  retrain,
} from "../../updater/index.ts";
import { startOf } from "../../updater/train/run-updater.ts";
import { trainStep } from "../../updater/train/train-step.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";
import { trainedGroup } from "../support/training-groups.ts";

const STEPS = 4;
const SEED = 1;

let folder: TemporaryFolder;
let base: string;
/** Adapter's digest after each step of a trainer that nobody disturbed, and of two that went back to policy 1. */
let digests: { peace: string[]; byCheckpoint: string; byAdapter: string };

const settings = {
  grpo: GrpoConfig.parse({ tokenBudget: 24 }),
  lora: LoraConfig.parse({ rank: 4, alpha: 8, targets: PROJECTIONS }),
  optimizer: OptimizerConfig.parse({ learningRate: 0.01, warmupSteps: 2 }),
};

beforeAll(async () => {
  folder = await openTemporaryFolder();
  const gguf = folder.file("model.gguf");
  await writeTinyModel(gguf);
  base = (await readModelInfo(gguf)).digest;
  const trainable = { kind: "lora", ...settings.lora } as const;
  await using engine = await openGradientEngine({ gguf, device: "cpu", threads: 1, trainable });
  const first = await step(engine, startOf(engine, SEED), 1);
  const second = await step(engine, first, 2);
  const fresh = { ...first, moments: noMoments(first.parameters.length) };
  digests = {
    peace: [first.adapter, second.adapter],
    byCheckpoint: (await step(engine, first, 4)).adapter,
    byAdapter: (await step(engine, fresh, 4)).adapter,
  };
});
afterAll(() => folder[Symbol.asyncDispose]());

async function step(engine: GradientEngine, state: Checkpoint, number: number): Promise<Checkpoint> {
  const layout = { base, alpha: settings.lora.alpha, parameters: engine.parameters };
  const digestOf = (flat: Float32Array) => adapterDigest(encodeFlatAdapter(layout, flat));
  await engine.writeParameters(state.parameters);
  const batch = { step: number, groups: batchOf(number), digest: "" };
  return trainStep(engine, state, batch, { ...settings, steps: STEPS, clock: systemClock, digestOf });
}

/** Groups that differ from step to step; a flat one where all rewards are the same. */
function batchOf(number: number, isFlat = false): BatchGroup[] {
  return [0, 1].map((task) =>
    trainedGroup(
      `task-${number}-${task}`,
      [0, 1, 2].map((sample) => ({
        prompt: [10 + number, 20 + task, 30],
        completion: Array.from({ length: 3 + sample }, (_, t) => 40 + ((7 * t + 5 * sample + number) % 200)),
        mu: Array.from({ length: 3 + sample }, (_, t) => -5.4 - 0.1 * Math.sin(t + sample)),
        reward: isFlat ? 0 : Math.sin(number + 3 * task + 5 * sample),
      })),
    ),
  );
}

async function retrained(
  steps: readonly {
    step: number;
    kind?: RetrainedStep["kind"];
    adapter?: string;
    source?: number;
    isFlat?: boolean;
  }[],
  ofBase = base,
): Promise<RetrainedStep[]> {
  const recorded = steps.map((given) => ({
    kind: "trained" as const,
    adapter: "",
    source: given.step,
    steps: STEPS,
    isFlat: false,
    ...given,
  }));
  const options = {
    seed: SEED,
    gguf: folder.file("model.gguf"),
    device: "cpu",
    threads: 1,
    ...settings,
  } as const;
  const record = {
    base: ofBase,
    steps: recorded,
    batchOf: async (given: (typeof recorded)[number]) => batchOf(given.step, given.isFlat),
  };
  const found: RetrainedStep[] = [];
  for await (const one of retrain(options, record)) found.push(one);
  return found;
}

describe("retraining", { timeout: 120_000 }, () => {
  it("finds the digests again, skipped steps among them", async () => {
    const [one = "", two = ""] = digests.peace;

    const found = await retrained([
      { step: 1, adapter: one },
      { step: 2, adapter: two },
      { step: 3, kind: "skipped", adapter: two, isFlat: true },
    ]);

    expect(found.map(({ agrees, skipped }) => [agrees, skipped])).toEqual([
      [true, ""],
      [true, ""],
      [true, "the gradient is zero"],
    ]);
  });

  it.each(["byCheckpoint", "byAdapter"] as const)(
    "goes back where the run did, %s with or without the optimizer's state",
    async (way) => {
      const [one = "", two = ""] = digests.peace;

      const found = await retrained([
        { step: 1, adapter: one },
        { step: 2, adapter: two },
        { step: 3, kind: "rewound", source: 1, adapter: one },
        { step: 4, adapter: digests[way] },
      ]);

      expect(digests.byCheckpoint).not.toBe(digests.byAdapter);
      expect(found.map(({ agrees }) => agrees)).toEqual([true, true, true, true]);
    },
  );

  it("goes back to the base", async () => {
    const [one = ""] = digests.peace;

    const found = await retrained([
      { step: 1, adapter: one },
      { step: 2, kind: "rewound", source: 0, adapter: "" },
      { step: 3, kind: "skipped", adapter: "", isFlat: true },
    ]);

    expect(found.map(({ agrees }) => agrees)).toEqual([true, true, true]);
  });

  it("ends at the first digest that is another one", async () => {
    const [one = "", two = ""] = digests.peace;

    const found = await retrained([
      { step: 1, adapter: one },
      { step: 2, adapter: one },
      { step: 3, adapter: two },
    ]);

    expect(found.map(({ step: number, agrees }) => [number, agrees])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect(found[1]?.found).toBe(two);
  });

  it("does not agree with a step that was skipped and need not have been", async () => {
    const [one = ""] = digests.peace;

    const found = await retrained([
      { step: 1, adapter: one },
      { step: 2, kind: "skipped", adapter: one },
    ]);

    expect(found.map(({ agrees }) => agrees)).toEqual([true, false]);
  });

  it("refuses another base model in one sentence", async () => {
    await expect(retrained([{ step: 1 }], "f".repeat(64))).rejects.toThrow("give both the same file");
  });
});
