/**
 * The updater's process: turns batches into policies, one optimizer step each, until the run ends.
 *
 * @module
 */
import { backoffMs, dispositionOf, FleetError, pause, type Shutdown, systemClock } from "../../core/index.ts";
import { type Device, EngineDiedError, type GradientEngine, openGradientEngine } from "../../llama/index.ts";
import { type Logger, noTelemetry, type Telemetry } from "../../telemetry/index.ts";
import { type ClientTls, type FleetClient, openFleetClient } from "../../transport/index.ts";
import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import { type CheckpointStore, openCheckpointStore } from "../checkpoints/checkpoint-store.ts";
import type { CheckpointConfig, GrpoConfig, LoraConfig, OptimizerConfig } from "../config.ts";
import { adapterDigest, encodeFlatAdapter } from "../encode-adapter.ts";
import { noMoments } from "../optimizer/adamw.ts";
import { initialAdapter } from "./initial-adapter.ts";
import { runSession, type SessionParts } from "./session.ts";
import { traceSteps } from "./trace-step.ts";

/** Delays between attempts to reach the coordinator, and to start an engine again. */
const FIRST_DELAY_MS = 500;
const MOST_DELAY_MS = 15_000;
/** Engines that may die one after the other without a step between. */
const MOST_DEATHS = 3;

const NO_SESSION = "no session with the coordinator is open";

/** The model is not the one that the run samples from. */
export class OtherBaseError extends FleetError {
  readonly code = "updater.other_base";
  readonly disposition = "reject";
}

/** What an updater is told. */
export interface UpdaterOptions {
  readonly run: string;
  readonly seed: number;
  /** Optimizer steps of the run, for the course of the learning rate. */
  readonly steps: number;
  readonly coordinator: {
    readonly address: string;
    readonly token: string;
    /** Null or left out: plain text. */
    readonly tls?: ClientTls | null;
  };
  /** Path of the base model. */
  readonly gguf: string;
  readonly device: Device;
  /** Threads of llama.cpp. */
  readonly threads: number;
  readonly grpo: GrpoConfig;
  readonly lora: LoraConfig;
  readonly optimizer: OptimizerConfig;
  readonly checkpoints: CheckpointConfig;
  /** Where the checkpoints are; it is made. Training goes on from the newest one in it. */
  readonly folder: string;
  readonly log: Logger;
  /** Left out: nobody asks. */
  readonly telemetry?: Telemetry;
}

/**
 * Runs the updater. Resolves when the run has ended, or after `shutdown.stop` once the step in work is published; all
 * that was opened here is then closed. A coordinator that is away is waited for, an engine that dies is started again.
 *
 * @throws {UnusableCheckpointError} when the checkpoints are damaged or of another run
 * @throws {OtherBaseError} when the base model is another one than the run's
 * @throws {NonFiniteGradientError}
 */
export async function runUpdater(options: UpdaterOptions, shutdown: Shutdown): Promise<void> {
  await using coordinator = openFleetClient({ ...options.coordinator, name: "updater" });
  const setbacks: Setbacks = { engines: 0, sessions: 0 };
  options.telemetry?.metrics.add("fleet.updater.engine.deaths", 0, {});
  while (!shutdown.stop.aborted) {
    try {
      return await trainWithOneEngine(options, coordinator, shutdown, setbacks);
    } catch (error) {
      if (!(error instanceof EngineDiedError) || setbacks.engines === MOST_DEATHS) throw error;
      options.telemetry?.metrics.add("fleet.updater.engine.deaths", 1, {});
      options.log.warn("engine died", { error });
      await pause(backoffMs(setbacks.engines++, FIRST_DELAY_MS, MOST_DELAY_MS), shutdown.stop);
    }
  }
}

/** What was lost since the last step. */
interface Setbacks {
  engines: number;
  sessions: number;
}

async function trainWithOneEngine(
  options: UpdaterOptions,
  coordinator: FleetClient,
  shutdown: Shutdown,
  setbacks: Setbacks,
): Promise<void> {
  const { gguf, device, threads, lora, grpo, log, telemetry = noTelemetry } = options;
  telemetry.health.lacks("coordinator", NO_SESSION);
  await using engine = await openGradientEngine({
    gguf,
    device,
    threads,
    trainable: { kind: "lora", ...lora },
    lanes: grpo.lanes,
  });
  telemetry.health.started();
  log.info("engine opened", { device: engine.device, base: engine.model.digest });
  const abandon = async () => engine[Symbol.asyncDispose](); // Ends the call in flight.
  shutdown.abandon.addEventListener("abort", abandon, { once: true });
  try {
    const parts = await prepare(options, engine, coordinator, setbacks);
    await keepSession(options, parts, engine, coordinator, shutdown, setbacks);
  } finally {
    shutdown.abandon.removeEventListener("abort", abandon);
  }
}

async function prepare(
  {
    run,
    folder,
    seed,
    steps,
    grpo,
    lora,
    optimizer,
    checkpoints,
    log,
    telemetry = noTelemetry,
  }: UpdaterOptions,
  engine: GradientEngine,
  coordinator: FleetClient,
  setbacks: Setbacks,
): Promise<SessionParts> {
  const identity = { base: engine.model.digest, seed, lora, parameters: engine.parameters };
  const store = await openCheckpointStore(folder, identity, checkpoints);
  const layout = { base: engine.model.digest, alpha: lora.alpha, parameters: engine.parameters };
  const encode = (parameters: Float32Array) => encodeFlatAdapter(layout, parameters);
  const digestOf = (parameters: Float32Array) => adapterDigest(encode(parameters));
  const settings = { grpo, optimizer, steps, clock: systemClock, digestOf };
  const start = startOf(engine, seed);
  return {
    run,
    coordinator,
    engine,
    store: forgiving(store, setbacks),
    start,
    settings,
    encode,
    log,
    telemetry,
    trace: traceSteps(telemetry.traces, run),
  };
}

/** Opens sessions, one after the other where they are lost, until the run ends or is stopped. */
async function keepSession(
  { log }: UpdaterOptions,
  parts: SessionParts,
  engine: GradientEngine,
  coordinator: FleetClient,
  { stop, abandon }: Shutdown,
  setbacks: Setbacks,
): Promise<void> {
  while (!stop.aborted) {
    try {
      const { digest, layout } = engine.model;
      const { baseDigest } = await coordinator.connect("updater", { signal: stop, layout });
      assertSameBase(digest, baseDigest);
      const start = (await parts.store.newest()) ?? parts.start;
      await engine.writeParameters(start.parameters);
      const reason = await runSession(parts, start, { stop, abandon });
      log.info("session ended", { reason: reason ?? "stopped" });
      return;
    } catch (error) {
      if (stop.aborted && dispositionOf(error) === "cancelled") return;
      if (!isPassing(error)) throw error;
      parts.telemetry?.health.lacks("coordinator", NO_SESSION);
      log.warn("session lost", { error });
      await pause(backoffMs(setbacks.sessions++, FIRST_DELAY_MS, MOST_DELAY_MS), stop);
    }
  }
}

/** Whether another session may go better. A coordinator that is closing answers "cancelled"; it may come back. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof FleetError) || error instanceof EngineDiedError) return false;
  return error.disposition === "retry" || error.disposition === "cancelled";
}

/** @throws {OtherBaseError} */
export function assertSameBase(ours: string, theirs: string): void {
  if (ours === theirs) return;
  throw new OtherBaseError(
    `the updater's base model has digest ${ours}, the run's ${theirs}: give both the same file`,
  );
}

/** The state before step 1: the base's policy, by an adapter that changes nothing. */
export function startOf({ parameters }: GradientEngine, seed: number): Checkpoint {
  const flat = initialAdapter(parameters, seed);
  return {
    step: 0,
    adapter: "",
    parameters: flat,
    moments: noMoments(flat.length),
    batchDigest: "",
    skipped: "",
    nonFiniteSteps: 0,
    metrics: {},
  };
}

/** A step that is saved makes good what was lost before. */
function forgiving(store: CheckpointStore, setbacks: Setbacks): CheckpointStore {
  return {
    ...store,
    async save(checkpoint) {
      await store.save(checkpoint);
      setbacks.engines = 0;
      setbacks.sessions = 0;
    },
  };
}
