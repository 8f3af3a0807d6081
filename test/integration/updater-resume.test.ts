import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { gracefully } from "../../core/index.ts";
import { PROJECTIONS, readModelInfo } from "../../llama/index.ts";
import type { BatchGroup } from "../../proto/index.ts";
import { serveFleet } from "../../transport/index.ts";
import {
  CheckpointConfig,
  GrpoConfig,
  LoraConfig,
  OptimizerConfig,
  readAdapter,
  runUpdater,
  type UpdaterOptions,
} from "../../updater/index.ts";
import { silentLogger } from "../support/silent-logger.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyModel } from "../support/tiny-model.ts";
import {
  type TrainerCoordinator,
  type TrainerMoments,
  trainerCoordinator,
} from "../support/trainer-coordinator.ts";
import { trainedGroup } from "../support/training-groups.ts";

const STEPS = 4;
const TOKEN = "t".repeat(32);
const ENTRY = fileURLToPath(new URL("../support/updater-process.ts", import.meta.url));

/** Groups that differ from step to step. */
const batches: BatchGroup[][] = Array.from({ length: STEPS }, (_, step) =>
  [0, 1].map((task) =>
    trainedGroup(
      `task-${step}-${task}`,
      [0, 1, 2].map((sample) => ({
        prompt: [10 + step, 20 + task, 30],
        completion: Array.from(
          { length: 3 + sample + step },
          (_, t) => 40 + ((7 * t + 5 * sample + step) % 200),
        ),
        mu: Array.from({ length: 3 + sample + step }, (_, t) => -5.4 - 0.1 * Math.sin(t + sample)),
        reward: Math.sin(step + 3 * task + 5 * sample),
      })),
    ),
  ),
);

function optionsIn(folder: TemporaryFolder, port: number): Omit<UpdaterOptions, "log"> {
  return {
    run: "run1",
    seed: 1,
    steps: STEPS,
    coordinator: { address: `127.0.0.1:${port}`, token: TOKEN },
    gguf: folder.file("model.gguf"),
    device: "cpu",
    threads: 1,
    grpo: GrpoConfig.parse({ tokenBudget: 24 }),
    lora: LoraConfig.parse({ rank: 4, alpha: 8, targets: PROJECTIONS }),
    optimizer: OptimizerConfig.parse({ learningRate: 0.01, warmupSteps: 2 }),
    checkpoints: CheckpointConfig.parse({}),
    folder: folder.file("checkpoints"),
  };
}

function serve({ handlers }: TrainerCoordinator, port = 0) {
  return serveFleet({ host: "127.0.0.1", port, token: TOKEN, handlers, graceMs: 100 });
}

const untilEnd = () => gracefully(new AbortController().signal, 1_000);

/** A folder with a model and a coordinator that serves it. */
async function openRun(folder: TemporaryFolder, moments: TrainerMoments = {}): Promise<TrainerCoordinator> {
  await writeTinyModel(folder.file("model.gguf"));
  const { digest } = await readModelInfo(folder.file("model.gguf"));
  return trainerCoordinator(digest, batches, moments);
}

function startUpdater(options: Omit<UpdaterOptions, "log">): ChildProcess {
  return spawn(process.execPath, [ENTRY, JSON.stringify(options)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Digests of what an updater publishes that nobody disturbs, step by step. */
let expected: string[];

beforeAll(async () => {
  await using folder = await openTemporaryFolder();
  const coordinator = await openRun(folder);
  await using server = await serve(coordinator);
  await runUpdater({ ...optionsIn(folder, server.port), log: silentLogger }, untilEnd());
  expected = coordinator.published.map(({ adapter }) => adapter);
});

describe("an updater over real gRPC", { timeout: 90_000 }, () => {
  it("makes one policy a step, each another one", () => {
    expect(expected).toHaveLength(STEPS);
    expect(new Set(expected).size).toBe(STEPS);
  });

  const moments: [string, (kill: () => Promise<void>) => TrainerMoments][] = [
    ["before its first step", (kill) => ({ onOpened: kill })],
    ["while it works on step 2", (kill) => ({ onBatch: async (step) => (step === 2 ? kill() : undefined) })],
    [
      "when step 1 is saved and not published",
      (kill) => ({ beforePublished: async (step) => (step === 1 ? kill() : undefined) }),
    ],
    [
      "when step 3 is published and it has not heard so",
      (kill) => ({ afterPublished: async (step) => (step === 3 ? kill() : undefined) }),
    ],
  ];

  describe("The updater resumes to the same bytes", () => {
    it.each(moments)("makes the same adapters, each once, when it is killed %s", async (_, momentsOf) => {
      await using folder = await openTemporaryFolder();
      let victim: ChildProcess | null = null;
      const kill = async () => {
        if (victim === null) return;
        const doomed = victim;
        victim = null;
        const gone = once(doomed, "exit");
        doomed.kill("SIGKILL");
        await gone;
        throw new Error("the trainer is gone");
      };
      const coordinator = await openRun(folder, momentsOf(kill));
      await using server = await serve(coordinator);
      const options = optionsIn(folder, server.port);

      victim = startUpdater(options);
      const [, signal] = await once(victim, "exit");
      await runUpdater({ ...options, log: silentLogger }, untilEnd());

      expect(signal).toBe("SIGKILL");
      expect(coordinator.published.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
      expect(coordinator.published.map(({ adapter }) => adapter)).toEqual(expected);
      const last = await readAdapter(options.folder);
      expect(createHash("sha256").update(last.adapter).digest("hex")).toBe(expected.at(-1));
    });
  });

  it("waits for a coordinator that is away, and goes on where it was", async () => {
    await using folder = await openTemporaryFolder();
    const gone = Promise.withResolvers<void>();
    const coordinator = await openRun(folder, {
      beforePublished: async (step) => {
        if (step === 2) gone.resolve();
      },
    });
    const before = await serve(coordinator);
    const running = runUpdater({ ...optionsIn(folder, before.port), log: silentLogger }, untilEnd());

    await gone.promise;
    await before[Symbol.asyncDispose]();
    await using after = await serve(coordinator, before.port);
    await running;

    expect(after.port).toBe(before.port);
    expect([...new Set(coordinator.published.map(({ adapter }) => adapter))]).toEqual(expected);
    expect(coordinator.step()).toBe(STEPS);
  });

  it("ends in order on SIGTERM, and leaves what it needs to go on", async () => {
    await using folder = await openTemporaryFolder();
    let child: ChildProcess | null = null;
    const coordinator = await openRun(folder, {
      beforePublished: async (step) => {
        if (step === 2) child?.kill("SIGTERM");
      },
    });
    await using server = await serve(coordinator);
    const options = optionsIn(folder, server.port);

    child = startUpdater(options);
    const [code] = await once(child, "exit");
    const stoppedAt = coordinator.step();
    await runUpdater({ ...options, log: silentLogger }, untilEnd());

    expect(code).toBe(0);
    expect(stoppedAt).toBeLessThan(STEPS);
    expect(coordinator.published.map(({ adapter }) => adapter)).toEqual(expected);
  });

  it("refuses another base model than the run's in one sentence", async () => {
    await using folder = await openTemporaryFolder();
    await writeTinyModel(folder.file("model.gguf"));
    const coordinator = trainerCoordinator("f".repeat(64), batches);
    await using server = await serve(coordinator);

    const running = runUpdater({ ...optionsIn(folder, server.port), log: silentLogger }, untilEnd());

    await expect(running).rejects.toThrow("give both the same file");
  });
});
