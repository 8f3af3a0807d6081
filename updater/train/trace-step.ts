import { type FinishedSpan, sampleSpan, stepTrace, type Traces, taskTrace } from "../../telemetry/index.ts";
import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import type { ReceivedBatch } from "./received-batches.ts";

/** When a step's parts began and how long they took, in milliseconds. */
export interface StepTimes {
  /** Since the epoch. */
  readonly beganMs: number;
  readonly trainMs: number;
  readonly saveMs: number;
}

/** Tells the updater's part of the steps' traces. */
export interface StepTracer {
  /** A step is made and on disk. */
  trained(batch: ReceivedBatch, made: Checkpoint, times: StepTimes): void;
  /** Its policy is durable with the coordinator, or the step is known there to be skipped. */
  published(policy: { readonly step: number; readonly adapter: string }, beganMs: number, ms: number): void;
}

/** Traces an updater's steps; does nothing where nobody asks for traces. */
export function traceSteps(traces: Traces, run: string): StepTracer {
  if (!traces.isOn) return { trained: () => {}, published: () => {} };

  /** A step that is made or published again after a crash has spans of its own, told apart by when they began. */
  function spanOf(
    name: FinishedSpan["name"],
    step: number,
    startMs: number,
    ms: number,
  ): Omit<FinishedSpan, "attributes"> {
    const trace = stepTrace(run, step);
    return { name, address: trace.span(name, startMs), parent: trace.root, startMs, endMs: startMs + ms };
  }

  return {
    trained: ({ step, groups }, { skipped, metrics }, { beganMs, trainMs, saveMs }) => {
      const members = groups.flatMap(({ rollouts }) => rollouts);
      const { loss, kl, gradientNorm, learningRate, lossTokens } = metrics;
      const { forwardSeconds, backwardSeconds, optimizerSeconds } = metrics;
      traces.end(
        {
          ...spanOf("optimizer-step", step, beganMs, trainMs),
          links: members.map(({ task, sample, attempt }) =>
            sampleSpan(taskTrace(run, task), sample, attempt),
          ),
          attributes: {
            "fleet.step": step,
            "fleet.samples": members.length,
            "fleet.step.skipped": skipped === "" ? undefined : skipped,
            "fleet.step.loss": loss,
            "fleet.step.kl": kl,
            "fleet.step.gradient_norm": gradientNorm,
            "fleet.step.learning_rate": learningRate,
            "fleet.step.tokens": lossTokens === undefined ? undefined : Number(lossTokens),
            "fleet.step.forward_seconds": forwardSeconds,
            "fleet.step.backward_seconds": backwardSeconds,
            "fleet.step.optimizer_seconds": optimizerSeconds,
          },
        },
        { ...spanOf("save", step, beganMs + trainMs, saveMs), attributes: { "fleet.step": step } },
      );
    },
    published: ({ step, adapter }, beganMs, ms) => {
      traces.end({
        ...spanOf("publish", step, beganMs, ms),
        attributes: {
          "fleet.step": step,
          "fleet.policy.adapter": adapter,
          "rpc.system": "grpc",
          "rpc.service": "fleet.v1.Trainer",
          "rpc.method": "PublishPolicy",
        },
      });
    },
  };
}
