/**
 * Every span of the fleet and every attribute of one: what docs/telemetry.md names. Attributes of OpenTelemetry's
 * conventions have their names; ours begin with `fleet.`.
 *
 * @module
 */

/** What is said of a span beside its name. */
interface SpanNote {
  readonly trace: "task" | "step";
  readonly teller: "coordinator" | "worker" | "updater";
  /** Name of the span that it is under; "" for the root. */
  readonly under: string;
  readonly about: string;
}

/** By name. */
export const SPANS = {
  task: {
    trace: "task",
    teller: "coordinator",
    under: "",
    about: "One prompt with all of its samples, from its issue until the end of the last is known.",
  },
  queue: {
    trace: "task",
    teller: "coordinator",
    under: "task",
    about: "The task waits in TASKS for a worker; again after each lease that ended before its samples did.",
  },
  lease: {
    trace: "task",
    teller: "coordinator",
    under: "task",
    about:
      "One worker holds the task. Links to the lease before it; an error where it ended by a death or was given up.",
  },
  sample: {
    trace: "task",
    teller: "worker",
    under: "lease",
    about:
      "One attempt at one sample, from the lease to the acknowledgement. Links to the attempt that it goes on from.",
  },
  queued: { trace: "task", teller: "worker", under: "sample", about: "The sample waits for a slot." },
  prefill: {
    trace: "task",
    teller: "worker",
    under: "sample",
    about: "The prompt, once a group, and what an earlier worker had sampled are evaluated.",
  },
  decode: {
    trace: "task",
    teller: "worker",
    under: "sample",
    about: "Tokens are sampled under one policy; one span for each policy.",
  },
  reward: { trace: "task", teller: "worker", under: "sample", about: "The completion is scored." },
  collect: {
    trace: "task",
    teller: "worker",
    under: "sample",
    about: "From handing the sample over until the coordinator has acknowledged it: it is durable then.",
  },
  "batch-wait": {
    trace: "task",
    teller: "coordinator",
    under: "task",
    about: "The group is complete and waits for its batch.",
  },
  train: {
    trace: "task",
    teller: "coordinator",
    under: "task",
    about: "From the batch until the policy that came of it is durable. Links to the step's batch.",
  },
  batch: {
    trace: "step",
    teller: "coordinator",
    under: "",
    about: "A batch from its composition until its policy is durable. Links to every rollout in it.",
  },
  "optimizer-step": {
    trace: "step",
    teller: "updater",
    under: "batch",
    about: "Gradient and optimizer. Links to every rollout in it.",
  },
  save: { trace: "step", teller: "updater", under: "batch", about: "The checkpoint is made durable." },
  publish: {
    trace: "step",
    teller: "updater",
    under: "batch",
    about: "The adapter goes to the coordinator and is durable there.",
  },
  download: {
    trace: "step",
    teller: "worker",
    under: "batch",
    about: "A worker fetches the adapter, if it can while it is being uploaded.",
  },
  load: { trace: "step", teller: "worker", under: "batch", about: "A worker's engine takes the adapter in." },
  activate: {
    trace: "step",
    teller: "worker",
    under: "batch",
    about: "A worker goes over to the policy: from its order to the engine until it samples under it.",
  },
} as const satisfies Record<string, SpanNote>;

/** The name of a span. */
export type SpanName = keyof typeof SPANS;

/** By name, with what it says. */
export const ATTRIBUTES = {
  "fleet.run": "Id of the run.",
  "fleet.lane": "train or eval.",
  "fleet.task": "Id of the task.",
  "fleet.instance": "Id in the dataset.",
  "fleet.sample": "Index of the sample within its task.",
  "fleet.attempt": "Leases that the sample was part of, this one included.",
  "fleet.samples": "How many samples.",
  "fleet.samples.trained": "How many of the task's samples were trained on.",
  "fleet.outcomes": "What became of the task's samples, each kind with its reason.",
  "fleet.lease": "Id of the lease.",
  "fleet.lease.reason": "Why it ended before its samples did.",
  "fleet.worker": "Name of the worker.",
  "fleet.device": "What it computes on.",
  "fleet.variant": "Quantization of the base that it has loaded.",
  "fleet.policy.version": "Version of the policy.",
  "fleet.policy.adapter": "SHA-256 of its adapter, in hex; empty for the base.",
  "fleet.tokens": "Tokens sampled in this span.",
  "fleet.tokens_per_second": "Tokens sampled a second in this span.",
  "fleet.tokens.kept": "Tokens that an earlier attempt had sampled.",
  "fleet.reward": "The reward.",
  "fleet.reward.components": "What it is the sum of: name=value, one each.",
  "fleet.reward.verdict": "Class of the reply's mistake; none without one.",
  "fleet.reward.exact": "Whether the reply is, to the last byte, the true change.",
  "fleet.reward.scorer": "Name and version of what scored.",
  "fleet.collect.outcome": "What the coordinator answered.",
  "fleet.step": "The step.",
  "fleet.step.skipped": "Why the step trained nothing.",
  "fleet.step.loss": "Its loss.",
  "fleet.step.kl": "Its divergence from the reference, in nats.",
  "fleet.step.gradient_norm": "Norm of its gradient before clipping.",
  "fleet.step.learning_rate": "Its learning rate.",
  "fleet.step.tokens": "Tokens that the loss is over.",
  "fleet.step.forward_seconds": "Time of its forward passes, in seconds.",
  "fleet.step.backward_seconds": "Time of its backward passes, in seconds.",
  "fleet.step.optimizer_seconds": "Time of the optimizer, in seconds.",
  "messaging.system": "nats.",
  "messaging.destination.name": "The stream.",
  "messaging.message.id": "Task and dispatch.",
  "rpc.system": "grpc.",
  "rpc.service": "The service.",
  "rpc.method": "The call.",
  "gen_ai.operation.name": "chat.",
  "gen_ai.request.temperature": "Divisor of the logits.",
  "gen_ai.request.max_tokens": "The longest completion.",
  "gen_ai.usage.input_tokens": "Tokens of the prompt.",
  "gen_ai.usage.output_tokens": "Tokens of the completion.",
  "gen_ai.response.finish_reasons": "Why it ended.",
  "gen_ai.input.messages": "The prompt as JSON; only where telemetry.text is on.",
  "gen_ai.output.messages": "The completion; only where telemetry.text is on.",
} as const;

/** The name of an attribute. */
export type AttributeName = keyof typeof ATTRIBUTES;
