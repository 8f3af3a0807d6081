import { once } from "node:events";
import { type Clock, pause } from "../../core/index.ts";
import type { BatchMessage, BatchMessageInit, OpenTrainerInit } from "../../proto/index.ts";
import { noTraces } from "../../telemetry/index.ts";
import {
  type Checkpoint,
  type CheckpointStore,
  GrpoConfig,
  noMoments,
  OptimizerConfig,
  type SessionParts,
  traceSteps,
} from "../../updater/index.ts";
import { silentLogger } from "./silent-logger.ts";

/** A clock that stands still. */
const stoppedClock: Clock = { monotonicMs: () => 0, wallMs: () => 0 };

/** A trainer before its first step, with two parameters. */
export function untrained(given: Partial<Checkpoint> = {}): Checkpoint {
  return {
    step: 0,
    adapter: "",
    parameters: Float32Array.of(1, 2),
    moments: noMoments(2),
    batchDigest: "",
    skipped: "",
    nonFiniteSteps: 0,
    metrics: {},
    ...given,
  };
}

/** What a scripted session may be told. */
export interface ScriptedSession {
  readonly messages: readonly BatchMessageInit[];
  /** The gradients that the engine gives, one a step. */
  readonly gradients?: readonly (readonly number[])[];
  /** Keeps the stream open after the last message, as a coordinator without a batch does. */
  readonly staysOpen?: boolean;
  /** Older checkpoints. */
  readonly kept?: readonly Checkpoint[];
  /** The adapter that the coordinator has. */
  readonly adapter?: Uint8Array;
}

/** The parts of a session, all doubles that write down in `calls` what was done to them, in order. */
export function scriptedSession({
  messages,
  gradients = [[1, -1]],
  staysOpen = false,
  kept = [],
  adapter,
}: ScriptedSession): {
  readonly parts: SessionParts;
  readonly calls: string[];
  readonly saved: Checkpoint[];
} {
  const calls: string[] = [];
  const saved: Checkpoint[] = [];
  let steps = 0;
  const store: CheckpointStore = {
    newest: async () => saved.at(-1) ?? null,
    at: async (step) => kept.find((checkpoint) => checkpoint.step === step) ?? null,
    save: async (checkpoint) => {
      saved.push(checkpoint);
      calls.push(`save ${checkpoint.step}`);
    },
  };
  const parts: SessionParts = {
    run: "run1",
    trace: traceSteps(noTraces, "run1"),
    coordinator: {
      batches: (open, options) => script(open, messages, staysOpen, calls, options?.signal),
      publishPolicy: async ({ step, epoch }) => {
        calls.push(`publish ${step} in epoch ${epoch}`);
        return { version: step ?? 0 };
      },
      skipStep: async ({ step, reason }) => {
        calls.push(`skip ${step}: ${reason}`);
        return { version: step ?? 0 };
      },
      fetchPolicy: async ({ version }) => {
        calls.push(`fetch ${version}`);
        return adapter ?? new Uint8Array();
      },
    },
    engine: {
      lanes: 1,
      forward: async ({ sequences }) => {
        const tokens = sequences.reduce((sum, sequence) => sum + sequence.tokens.length - sequence.from, 0);
        return {
          logpT: new Float32Array(tokens).fill(-1),
          entropyT: new Float32Array(tokens),
          evaluatedTokens: tokens,
        };
      },
      backward: async () => {},
      takeGradients: async () => Float32Array.from(gradients[steps++ % gradients.length] ?? []),
      writeParameters: async () => void calls.push("write"),
    },
    store,
    start: untrained(),
    settings: {
      grpo: GrpoConfig.parse({}),
      optimizer: OptimizerConfig.parse({ learningRate: 0.1, warmupSteps: 0 }),
      steps: 100,
      clock: stoppedClock,
      digestOf: (parameters) => `digest of ${parameters.length}`,
    },
    encode: (parameters) => new Uint8Array(parameters.length),
    log: silentLogger,
  };
  return { parts, calls, saved };
}

async function* script(
  open: OpenTrainerInit,
  messages: readonly BatchMessageInit[],
  staysOpen: boolean,
  calls: string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<BatchMessage, void> {
  calls.push(`open at ${open.step}`);
  for (const message of messages) {
    await pause(0);
    yield message as BatchMessage;
  }
  if (staysOpen && signal?.aborted === false) await once(signal, "abort");
}
